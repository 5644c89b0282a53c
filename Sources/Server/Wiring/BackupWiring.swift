import Access
import Artifacts
import Backups
import Core
import Foundation
import HTTPSupport
import Logging
import Storage

/// Which databases and files a server has, and where backups of them lie.
enum BackupWiring {
    /// The name of the accounts' database in a backup; no workspace can have it.
    static let access = "_access"

    /// The migrations that a part's database may have seen.
    static func migrations(of part: String) -> [Migration] {
        part == access ? AccessHouse.migrations : Stores.migrations
    }

    /// A place for backups: a directory of this host, or a bucket.
    ///
    /// - Throws: `notFound` for a directory that must be there and is not.
    static func place(_ destination: String, settings: ServerSettings, mustExist: Bool) throws -> BackupPlace {
        guard !destination.hasPrefix(S3Settings.locationScheme) else {
            var bucket = settings
            bucket.artifacts = destination
            let temporary = FileManager.default.temporaryDirectory.path(percentEncoded: false)
            bucket.data = "\(temporary)/martlet-\(Identifier.random())"
            // Its cache is for native libraries, which read no backups: nothing needs to stay there.
            let data = bucket.data
            defer { try? FileManager.default.removeItem(atPath: data) }
            return BackupPlace(store: try ArtifactWiring.store(settings: bucket))
        }
        guard !destination.isEmpty, !destination.contains("://") else {
            throw MartletError(.invalidArgument, "A place for backups is a directory or s3://BUCKET/PREFIX.")
        }
        if !FileManager.default.fileExists(atPath: destination) {
            guard !mustExist else {
                throw MartletError(.notFound, "There is no directory '\(destination)' with backups.")
            }
            // Nobody else may look into a backup that is made here.
            do {
                try FileManager.default.createDirectory(
                    atPath: destination,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            } catch {
                throw MartletError(.unavailable, "The directory '\(destination)' cannot be made.", cause: error)
            }
        }
        return BackupPlace(store: try DiskArtifactStore(root: destination))
    }

    /// Refuses to put keys where others can read them.
    static func refuseOpenPlace(_ destination: String) throws(MartletError) {
        guard !destination.hasPrefix(S3Settings.locationScheme) else { return }
        guard let status = FileStatus(path: destination), status.isOpenToOthers else { return }
        throw MartletError(
            .failedPrecondition,
            "Others can look into the directory for the backup, so the keys are not put there; run chmod 700 on it first."
        )
    }

    /// The parts that lie in the data directory, opened as they are: nothing is migrated.
    static func sources(_ settings: ServerSettings, clock: Clock) async throws -> [BackupSource] {
        var sources: [BackupSource] = []
        do {
            for name in try await parts(settings) {
                let site = name == access ? settings : try Site.settings(of: name, settings)
                sources.append(
                    try BackupSource(
                        name: name,
                        database: try await open(name, settings),
                        artifacts: name == access ? nil : try ArtifactWiring.store(settings: site, clock: clock)
                    )
                )
            }
        } catch {
            await close(sources)
            throw error
        }
        return sources
    }

    /// Closes what `sources` opened.
    static func close(_ sources: [BackupSource]) async {
        // Nothing was written; what cannot be closed goes with the process.
        for source in sources { try? await source.database.close() }
    }

    /// The names of the parts that there are, the accounts first.
    static func parts(_ settings: ServerSettings) async throws -> [String] {
        guard let url = settings.postgresURL else {
            let manager = FileManager.default
            guard manager.fileExists(atPath: settings.databasePath) else {
                throw MartletError(
                    .notFound,
                    "There is no database in the data directory '\(settings.data)'; name it with --data."
                )
            }
            let workspaces = (try? manager.contentsOfDirectory(atPath: "\(settings.data)/workspaces")) ?? []
            return (manager.fileExists(atPath: "\(settings.data)/access.db") ? [access] : [])
                + [Principal.defaultWorkspace]
                + workspaces.sorted().filter { name in
                    BackupSource.isName(name)
                        && manager.fileExists(atPath: "\(settings.data)/workspaces/\(name)/martlet.db")
                }
        }
        let database = try await BlockingWork.run { try Database.open(postgres: url) }
        let schemas = try await database.read { connection in
            try connection.query(
                "SELECT schemaname AS name FROM pg_catalog.pg_tables WHERE tablename = 'martlet_migrations' ORDER BY 1"
            ).map { try $0.text("name") }
        }
        try await database.close()
        let prefix = "martlet_"
        let workspaces = schemas.filter { $0.hasPrefix(prefix) && $0 != Site.accessSchema }
            .map { String($0.dropFirst(prefix.count)) }
        return (schemas.contains(Site.accessSchema) ? [access] : []) + [Principal.defaultWorkspace]
            + workspaces.filter(BackupSource.isName)
    }

    /// The database of a part, as it is.
    static func open(_ part: String, _ settings: ServerSettings) async throws -> Database {
        guard let url = settings.postgresURL else { return try Database.open(path: try path(of: part, settings)) }
        let schema = part == access ? Site.accessSchema : Site.schema(of: part)
        return try await BlockingWork.run { try Database.open(postgres: url, schema: schema) }
    }

    /// The file of a part's database.
    static func path(of part: String, _ settings: ServerSettings) throws -> String {
        part == access ? "\(settings.data)/access.db" : try Site.settings(of: part, settings).databasePath
    }

    /// The files with keys in the data directory and those of the workspaces.
    static func keys(_ settings: ServerSettings) -> [BackupKey] {
        let manager = FileManager.default
        let workspaces = ((try? manager.contentsOfDirectory(atPath: "\(settings.data)/workspaces")) ?? []).sorted()
        return ([""] + workspaces.map { "workspaces/\($0)/" }).flatMap { folder in
            ((try? manager.contentsOfDirectory(atPath: "\(settings.data)/\(folder)")) ?? []).sorted()
                .filter { $0.hasSuffix(".key") }
                .map { BackupKey(name: folder + $0, path: "\(settings.data)/\(folder)\($0)") }
        }
    }

    /// What keeps the backups of a running server.
    static func keeper(
        _ settings: ServerSettings,
        _ access: AccessHouse,
        clock: Clock,
        logger: Logger,
        estate: @escaping @Sendable () -> Estate?
    ) throws -> BackupKeeper {
        let accounts = try BackupSource(name: Self.access, database: access.database, artifacts: nil)
        let source = { @Sendable (name: String, open: Estate.Open) throws(MartletError) in
            try BackupSource(name: name, database: open.house.stores.database, artifacts: open.house.stores.artifacts)
        }
        return try BackupKeeper(
            settings: settings,
            clock: clock,
            logger: logger,
            sources: { [directory = access.directory] in
                var sources = [accounts]
                guard let estate = estate() else { return sources }
                sources.append(try source(Principal.defaultWorkspace, estate.main))
                for name in directory.workspaces.keys.sorted() where name != Principal.defaultWorkspace {
                    sources.append(try source(name, try await estate.house(of: name)))
                }
                return sources
            },
            open: { [accounts] + (estate()?.all ?? []).compactMap { try? source($0.workspace, $0.open) } }
        )
    }
}
