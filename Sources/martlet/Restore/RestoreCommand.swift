import ArgumentParser
import Core
import Foundation
import Server

/// `martlet restore SOURCE`.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make the data of a server from a backup, in a place that holds none.",
        discussion: """
            Every hash is checked before anything is put in place, and nothing is overwritten: name a new data directory.
            """
    )

    @Argument(help: "Where the backups lie: a directory, or s3://BUCKET/PREFIX.")
    var source: String

    @Option(name: .customLong("backup"), help: "The backup. (default: the newest)")
    var id: String?

    @Option(
        help: "The moment to restore to, such as 2026-11-21T08:32:19Z, or 'now': needs shipped logs (--wal-archive)."
    )
    var to: String?

    @Flag(name: .customLong("no-artifacts"), help: "Leave out the files of runs and models.")
    var noArtifacts = false

    @Flag(help: "List the backups; restore nothing.")
    var list = false

    @Flag(help: "Read the whole backup and check every hash; restore nothing.")
    var verify = false

    @Flag(name: .long, help: "Print JSON instead of text.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        if id != nil, to != nil { throw ValidationError("'--backup' and '--to' exclude each other.") }
        if list, verify { throw ValidationError("'--list' and '--verify' exclude each other.") }
    }

    func run() async throws {
        try await CommandFailure.explaining {
            var work = RestoreWork(source: source)
            work.id = id
            work.withFiles = !noArtifacts
            work.time = try to.map { try Self.time($0, now: Clock.system.now) }
            let settings = try place.settings()
            let pace = BackupPace(terminal: .standard)
            if list { return show(try await work.list(settings: settings)) }
            let outcome =
                verify
                ? try await work.verify(settings: settings, onProgress: pace.show)
                : try await work.run(settings: settings, onProgress: pace.show)
            show(outcome, settings)
        }
    }

    private func show(_ listings: [BackupListing]) {
        guard !json else {
            return Terminal.standard.line(JSONValue.object(["items": .array(listings.map(\.json))]).prettyPrinted())
        }
        var table = TextTable([
            .init(title: "BACKUP"), .init(title: "TAKEN"), .init(title: "MARTLET"), .init(title: "PARTS"),
            .init(title: "FILES", alignment: .right), .init(title: "KEYS"),
        ])
        for listing in listings {
            table.add([
                listing.id, listing.createdAt.iso8601, listing.version, listing.parts.joined(separator: " "),
                String(listing.files), listing.hasKeys ? "yes" : "no",
            ])
        }
        table.write(to: .standard, empty: "There is no backup.")
    }

    private func show(_ outcome: RestoreOutcome, _ settings: ServerSettings) {
        let terminal = Terminal.standard
        guard !json else { return terminal.line(outcome.json.prettyPrinted()) }
        let what = "\(outcome.databases) databases and \(outcome.files) files"
        let name = outcome.id ?? "the shipped log"
        guard !verify else { return terminal.line("\(what) of \(name) are whole.") }
        terminal.line("\(what) of \(name) were restored to \(settings.data).")
        if let reached = outcome.reached { terminal.line("The databases are as they were at \(reached.iso8601).") }
        if outcome.keys.isEmpty {
            terminal.note("The backup has no keys: put the key files back before the server starts, if there were any.")
        }
    }

    /// A moment as RFC 3339 writes it, or `now`.
    static func time(_ text: String, now: Timestamp) throws(MartletError) -> Timestamp {
        if text == "now" { return now }
        for fraction in [true, false] {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: fraction)
            if let date = try? style.parse(text) {
                return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
            }
        }
        throw MartletError(
            .invalidArgument,
            "--to must be a moment such as 2026-11-21T08:32:19Z or 'now', not '\(text.prefix(80))'."
        )
    }
}
