import Access
import ArgumentParser
import Core
import Foundation
import Server

/// `martlet audit verify`.
struct AuditVerify: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Walk the chain of the audit log and name the first record that was changed, removed or added.",
        discussion: """
            Works on the data directory if no server uses it, through the server otherwise, and on an exported file with
            --file. The records are hashed here, not by the server. Write the printed anchor down elsewhere: given back
            with --anchor, it also tells whether the end of the log was cut off.
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var place: PlaceOptions
    @OptionGroup var log: AuditLogOption
    @Option(help: "An exported log.")
    var file: String?
    @Option(name: .customLong("anchor"), help: "A head that was printed before, LOG:NUMBER:HASH; repeat it for more.")
    var anchors: [AuditAnchor] = []

    /// One log, and how its walk ended.
    private typealias Walk = (log: String, verifier: AuditVerifier)

    func run() async throws {
        try await CommandFailure.explaining {
            let terminal = Terminal.standard
            if let file {
                try report([try Self.walk(file: file, anchors)], terminal)
                return
            }
            let named = options.server ?? ProcessInfo.processInfo.environment["MARTLET_SERVER"]
            if named == nil {
                do {
                    let byLog = Dictionary(grouping: anchors, by: \.log).mapValues { $0.map(\.head) }
                    let walks = try await AuditInspection.run(settings: try place.settings(), anchors: byLog)
                    try report(walks.map { ($0.name, $0.verifier) }, terminal)
                    return
                } catch let error as MartletError where error.code == .failedPrecondition && place.data == nil {
                    terminal.note("A server uses the data directory; verifying through it.")
                }
            }
            let server = try ServerClient(address: options.address, access: try options.access())
            try await run(Session(server: server, terminal: terminal, clock: .system, json: options.json))
        }
    }

    /// Verifies what a server tells, or a file.
    func run(_ session: Session) async throws {
        if let file {
            try report([try Self.walk(file: file, anchors)], session.terminal)
            return
        }
        var verifier = AuditVerifier(
            anchors: anchors.filter { ($0.log == AuditLog.server) == log.accounts }.map(\.head)
        )
        let (name, head) = try await AuditPages(session, log).walk { verifier.take($0) }
        if verifier.fault == nil, verifier.head != head {
            verifier.take(unreadable: "the server says that the log ends at record \(head.sequence) with another hash")
        }
        verifier.finish()
        try report([(name, verifier)], session.terminal)
    }

    /// Reads an exported file: a record on every line, and the head on the last.
    private static func walk(file: String, _ anchors: [AuditAnchor]) throws -> Walk {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw MartletError(.notFound, "The file '\(file)' cannot be read.")
        }
        var lines = data.split(separator: UInt8(ascii: "\n"))
        guard let last = lines.popLast(), let end = try? JSONValue.parse(Array(last)),
            let name = end["log"]?.stringValue, let head = end["head"].flatMap({ AuditHead(json: $0) })
        else {
            throw MartletError(
                .dataLoss,
                "The file does not end with the head of a log: it was cut off, or is no export."
            )
        }
        let known = anchors.filter { $0.log == name }.map(\.head)
        var verifier = AuditVerifier(anchors: head.sequence > 0 ? known + [head] : known)
        for line in lines {
            guard line.count <= AuditLimits.lineBytes, let json = try? JSONValue.parse(Array(line)),
                let record = try? AuditRecord(json: json)
            else {
                verifier.take(unreadable: "the line is no record")
                break
            }
            verifier.take(record)
        }
        if verifier.fault == nil, verifier.head.sequence > head.sequence {
            verifier.take(unreadable: "the file has more records than its last line says")
        }
        verifier.finish()
        return (name, verifier)
    }

    /// Says how the walks ended.
    ///
    /// - Throws: `dataLoss` when a chain is broken.
    private func report(_ walks: [Walk], _ terminal: Terminal) throws {
        if options.json {
            let items = walks.map { walk -> JSONValue in
                var object: JSONObject = [
                    "log": .string(walk.log), "records": .integer(walk.verifier.count),
                    "head": walk.verifier.head.json, "ok": .bool(walk.verifier.fault == nil),
                ]
                if let fault = walk.verifier.fault {
                    object["fault"] = ["sequence": .integer(fault.sequence), "reason": .string(fault.reason)]
                }
                return .object(object)
            }
            terminal.line(JSONValue.object(["items": .array(items)]).prettyPrinted())
        } else {
            for walk in walks where walk.verifier.fault == nil {
                let count = walk.verifier.count
                terminal.line("\(walk.log): \(count) \(count == 1 ? "record" : "records"), unbroken")
                guard count > 0 else { continue }
                terminal.line("  anchor: \(AuditAnchor.text(walk.log, walk.verifier.head))")
            }
        }
        let broken = walks.compactMap { walk in walk.verifier.fault.map { (walk.log, $0) } }
        guard let (name, fault) = broken.first else { return }
        throw MartletError(
            .dataLoss,
            "The audit log '\(name)' is broken at record \(fault.sequence): \(fault.reason)."
                + (broken.count > 1 ? " \(broken.count - 1) more logs are broken." : "")
        )
    }
}
