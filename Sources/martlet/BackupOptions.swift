import ArgumentParser
import Server

/// Where the server makes backups and ships its log.
struct BackupOptions: ParsableArguments {
    @Option(help: "Directory of backups that are asked for over the API. (default: backups in the data directory)")
    var backups: String?

    @Option(
        name: .customLong("wal-archive"),
        help: "Ship every change of the SQLite databases to this directory or s3://BUCKET/PREFIX. (default: off)"
    )
    var archive: String?

    /// As settings.
    var flags: BackupSettings.Flags {
        var flags = BackupSettings.Flags()
        flags.directory = backups
        flags.archive = archive
        return flags
    }
}
