import Core

/// Where the server makes backups and ships its log.
package struct BackupSettings: Sendable, Equatable {
    /// Directory of backups that are asked for over the API (`--backups`, `MARTLET_BACKUPS`, `server.backups`); nil is
    /// `backups` in `data`.
    package var directory: String?
    /// Where the log of an SQLite database is shipped to, a directory or `s3://BUCKET/PREFIX` (`--wal-archive`,
    /// `MARTLET_WAL_ARCHIVE`, `server.wal_archive`); nil ships nothing.
    package var archive: String?

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is nil was not given.
    package struct Flags: Sendable {
        /// `--backups`.
        package var directory: String?
        /// `--wal-archive`.
        package var archive: String?

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = ["backups", "wal_archive"]

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> BackupSettings {
        var settings = BackupSettings()
        let writtenDirectory = try fields.optionalString("backups")
        let writtenArchive = try fields.optionalString("wal_archive")
        settings.directory = flags.directory ?? environment["MARTLET_BACKUPS"] ?? writtenDirectory
        settings.archive = flags.archive ?? environment["MARTLET_WAL_ARCHIVE"] ?? writtenArchive
        for (key, value) in [("backups", settings.directory), ("wal_archive", settings.archive)] where value == "" {
            throw MartletError(.invalidArgument, "'\(key)' must name a place; leave it out for the default.")
        }
        return settings
    }
}
