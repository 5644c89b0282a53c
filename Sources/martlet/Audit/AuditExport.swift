import Access
import ArgumentParser
import Core

/// `martlet audit export`.
struct AuditExport: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the whole audit log as JSON lines; the last line is its head.",
        discussion: "The file can be verified without a server: martlet audit verify --file FILE."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var log: AuditLogOption
    @Option(name: .shortAndLong, help: "The file to write. (default: standard output)")
    var output: String?

    func run(_ session: Session) async throws {
        var text = ""
        let head = try await AuditPages(session, log).walk { record in
            let line = String(decoding: record.json.serialized(), as: UTF8.self)
            if output == nil { session.terminal.line(line) } else { text += line + "\n" }
        }
        let last = JSONValue.object(["log": .string(head.log), "head": head.head.json]).description
        guard let output else {
            session.terminal.line(last)
            return
        }
        try OutputFile.write(text + last + "\n", to: output)
        session.terminal.note("\(head.head.sequence) records; anchor: \(AuditAnchor.text(head.log, head.head))")
    }
}
