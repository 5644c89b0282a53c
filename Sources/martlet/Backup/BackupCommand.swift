import ArgumentParser
import Core
import Foundation
import Server

/// `martlet backup DEST`.
struct BackupCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy all data of a server, consistent and checked, to a directory or a bucket.",
        discussion: """
            Works on the data directory, whether a server uses it or not, and through a server with --server. What the
            place has already is not sent again. Keys of encrypted values stay behind unless --with-keys is given.
            """
    )

    @Argument(help: "A directory, or s3://BUCKET/PREFIX. With --server: a name in its --backups directory, or s3://….")
    var destination: String

    @Flag(name: .customLong("with-keys"), help: "Include the keys that encrypt secrets; guard the backup like them.")
    var withKeys = false

    @OptionGroup var options: GlobalOptions
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await CommandFailure.explaining {
            guard options.server == nil else {
                let server = try ServerClient(address: options.address, access: try options.access())
                let session = Session(server: server, terminal: .standard, clock: .system, json: options.json)
                return try await run(session)
            }
            var work = BackupWork(destination: destination)
            work.withKeys = withKeys
            let pace = BackupPace(terminal: .standard)
            let outcome = try await work.run(settings: try place.settings(), onProgress: pace.show)
            BackupText.write(outcome, json: options.json, to: .standard)
        }
    }

    /// Makes the backup through a server, and waits for its end.
    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/backups"
        var job = try await session.server.send(
            "POST",
            path,
            ["destination": .string(destination), "with_keys": .bool(withKeys)]
        )
        guard let id = job["id"]?.stringValue else {
            throw MartletError(.internal, "The server did not name the backup that it began.")
        }
        while job["state"]?.stringValue == "running" {
            try await session.clock.sleep(for: CommandLimits.followInterval)
            job = try await session.server.get("\(path)/\(ServerClient.segment(id))")
        }
        guard let outcome = job["backup"] else {
            throw MartletError(.internal, job["error"]?["message"]?.stringValue ?? "The backup failed.")
        }
        BackupText.write(outcome, json: session.json, to: session.terminal)
    }
}

/// Tells about a backup or restore under way, not more often than people read.
final class BackupPace: Sendable {
    private let terminal: Terminal
    private let last = LockedLine()

    init(terminal: Terminal) {
        self.terminal = terminal
    }

    /// Shows a line if the last one is old enough or was about something else.
    func show(_ stage: String, _ files: Int64) {
        guard last.isDue(stage, now: Clock.system.now) else { return }
        let files = files > 0 ? " (\(files))" : ""
        terminal.note("\(stage)\(files)")
    }
}
