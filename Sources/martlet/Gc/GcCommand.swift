import ArgumentParser
import Core
import Foundation
import Server

/// `martlet gc`.
struct GcCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove for good what was deleted long ago, and files that nothing needs.",
        discussion: """
            Files of registered versions are never removed, nor those of versions that a deployment serves or may go back
            to. Works on the data directory if no server uses it, and through the server otherwise.
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var place: PlaceOptions

    @Flag(name: .customLong("dry-run"), help: "Tell what would be removed; change nothing.")
    var dryRun = false

    @Option(name: .customLong("older-than"), help: "Only what was deleted this long ago, such as 30d, 12h, 90m or 0s.")
    var olderThan = "30d"

    func run() async throws {
        try await CommandFailure.explaining {
            let age = try Self.age(olderThan)
            let named = options.server ?? ProcessInfo.processInfo.environment["MARTLET_SERVER"]
            if named == nil {
                do {
                    let settings = try place.settings()
                    let report = try await DataCollection.run(settings: settings, olderThan: age, isDryRun: dryRun)
                    GcReport.write(report, json: options.json, to: .standard)
                    return
                } catch let error as MartletError where error.code == .failedPrecondition {
                    Terminal.standard.note("A server uses the data directory; collecting through it.")
                }
            }
            let client = try ServerClient(
                address: named ?? "http://127.0.0.1:5000",
                access: try options.access(),
                timeout: CommandLimits.collectionTimeout
            )
            try await run(Session(server: client, terminal: .standard, clock: .system, json: options.json))
        }
    }

    /// Collects through a server.
    func run(_ session: Session) async throws {
        let body: JSONValue = [
            "older_than_ms": .integer(try Self.age(olderThan).wholeMilliseconds), "dry_run": .bool(dryRun),
        ]
        let report = try await session.server.send("POST", "/api/martlet/v1/collections", body)
        GcReport.write(report, json: session.json, to: session.terminal)
    }

    /// A duration such as `30d`.
    static func age(_ text: String, option: String = "--older-than") throws(MartletError) -> Duration {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count >= 0,
            count <= 100_000
        else {
            throw MartletError(.invalidArgument, "\(option) must be a number and s, m, h, d or w, not '\(text)'.")
        }
        return .seconds(count * unit)
    }
}
