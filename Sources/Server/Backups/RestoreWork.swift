import Artifacts
import Backups
package import Core
import Foundation
import HTTPSupport
import Storage

/// `martlet restore`: makes the data of a server from a backup, in a place that holds none.
package struct RestoreWork: Sendable {
    /// Where the backups lie.
    package var source: String
    /// The backup; nil for the newest.
    package var id: String?
    /// The moment to restore the databases to from their shipped logs.
    package var time: Timestamp?
    /// Whether the files are restored too.
    package var withFiles = true

    /// A restore from this place.
    package init(source: String) {
        self.source = source
    }

    /// The backups that the place has, the newest first.
    package func list(settings: ServerSettings) async throws -> [BackupListing] {
        let place = try BackupWiring.place(source, settings: settings, mustExist: true)
        var listings: [BackupListing] = []
        for id in try await place.backups().reversed() { listings.append(BackupListing(try await place.manifest(id))) }
        return listings
    }

    /// Reads the whole backup and checks every hash; restores nothing.
    package func verify(
        settings: ServerSettings,
        onProgress: @escaping WorkProgress
    ) async throws -> RestoreOutcome {
        let place = try BackupWiring.place(source, settings: settings, mustExist: true)
        let manifest = try await chosen(place)
        let run = RestoreRun(place: place, manifest: manifest) { onProgress($0.stage, $0.files) }
        let tally = try await run.verify()
        return RestoreOutcome(id: manifest.id, parts: manifest.parts.map(\.name), tally: tally)
    }

    private func chosen(_ place: BackupPlace) async throws -> BackupManifest {
        if let id { return try await place.manifest(id) }
        guard let newest = try await place.newest() else {
            throw MartletError(.notFound, "There is no complete backup in '\(source)'.")
        }
        return newest
    }

    /// Restores into the data directory that the settings name, which must not hold anything.
    ///
    /// Everything is restored beside it and checked; only then is it given its name.
    package func run(
        settings: ServerSettings,
        onProgress: @escaping WorkProgress
    ) async throws -> RestoreOutcome {
        let place = try BackupWiring.place(source, settings: settings, mustExist: true)
        let site = try await RestoreSite(settings)
        do {
            let outcome =
                if let time {
                    try await restore(until: time, place, site, onProgress)
                } else {
                    try await restore(try await chosen(place), place, site, onProgress)
                }
            try site.putInPlace()
            return outcome
        } catch {
            site.remove()
            throw error
        }
    }

    private func restore(
        _ manifest: BackupManifest,
        _ place: BackupPlace,
        _ site: RestoreSite,
        _ onProgress: @escaping WorkProgress
    ) async throws -> RestoreOutcome {
        for part in manifest.parts { try Self.refuseNewer(part.database.schema, part.name, manifest.version) }
        let run = RestoreRun(place: place, manifest: manifest) { onProgress($0.stage, $0.files) }
        var outcome = RestoreOutcome(id: manifest.id, parts: manifest.parts.map(\.name), tally: RestoreTally())
        for part in manifest.parts where withFiles && part.files != nil {
            outcome.add(try await run.restoreFiles(of: part, to: try await site.artifacts(of: part.name)))
        }
        outcome.keys = try await run.restoreKeys(to: site.data)
        // Databases last: a server finds nothing to start with before the files are there.
        for part in manifest.parts {
            try await site.withDatabase(of: part.name) { try await run.restoreDatabase(of: part, to: $0) }
            outcome.tally.databases += 1
        }
        return outcome
    }

    private func restore(
        until time: Timestamp,
        _ place: BackupPlace,
        _ site: RestoreSite,
        _ onProgress: @escaping WorkProgress
    ) async throws -> RestoreOutcome {
        let names = try await place.logs()
        guard !names.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "No logs are shipped to '\(source)', so that only backups can be restored: --backup ID, or the newest."
            )
        }
        var outcome = RestoreOutcome(id: nil, parts: names, tally: RestoreTally())
        for name in names {
            let schema = try await RestoreRun.schema(ofLog: name, in: place, until: time)
            try Self.refuseNewer(schema, name, "a newer version")
        }
        let before = try await place.newest(until: time)
        let after = try await place.oldest(after: time)
        outcome.id = (before ?? after)?.id
        for manifest in [before, after].compactMap(\.self) {
            let run = RestoreRun(place: place, manifest: manifest) { onProgress($0.stage, $0.files) }
            for part in manifest.parts where withFiles && part.files != nil && names.contains(part.name) {
                outcome.tally.files += try await run.addFiles(
                    of: part,
                    to: try await site.artifacts(of: part.name)
                )
            }
            if outcome.keys.isEmpty { outcome.keys = try await run.restoreKeys(to: site.data) }
        }
        for name in names {
            try await site.withDatabase(of: name) { target in
                guard case .file(let path) = target else {
                    throw MartletError(
                        .failedPrecondition,
                        "Shipped logs are restored to SQLite: leave --database out."
                    )
                }
                let reached = try await RestoreRun.restoreLog(of: name, from: place, to: path, until: time)
                outcome.reached = max(outcome.reached ?? reached, reached)
            }
            outcome.tally.databases += 1
        }
        return outcome
    }

    private static func refuseNewer(_ schema: [String], _ name: String, _ version: String) throws(MartletError) {
        let status = SchemaStatus(migrations: BackupWiring.migrations(of: name), applied: schema)
        guard let step = status.unknown.first else { return }
        throw MartletError(
            .failedPrecondition,
            "The backup of '\(name)' has the newer schema step '\(step)'; this is martlet \(ProductVersion.text). Restore "
                + "it with martlet \(version), or choose an older backup with --backup ID (see --list)."
        )
    }
}

/// What a restore has done.
package struct RestoreOutcome: Sendable {
    /// The backup; nil when there was only a shipped log.
    package internal(set) var id: String?
    /// The parts.
    package let parts: [String]
    var tally: RestoreTally
    /// Databases that were restored or checked.
    package var databases: Int { tally.databases }
    /// Files that were restored or checked.
    package var files: Int64 { tally.files }
    /// The files with keys that were restored.
    package internal(set) var keys: [String] = []
    /// The moment that databases restored from their logs have reached.
    package internal(set) var reached: Timestamp?

    mutating func add(_ other: RestoreTally) {
        tally.files += other.files
        tally.bytes += other.bytes
    }

    init(id: String?, parts: [String], tally: RestoreTally) {
        self.id = id
        self.parts = parts
        self.tally = tally
    }

    /// The outcome for programs.
    package var json: JSONValue {
        [
            "backup": .optional(id), "parts": .array(parts.map(JSONValue.string)), "databases": .int(tally.databases),
            "files": .integer(tally.files), "bytes": .integer(tally.bytes),
            "keys": .array(keys.map(JSONValue.string)), "reached": .optional(reached?.milliseconds),
        ]
    }
}

/// One line of the list of backups.
package struct BackupListing: Sendable {
    /// The backup's name.
    package let id: String
    /// When it was taken.
    package let createdAt: Timestamp
    /// The version of the product that took it.
    package let version: String
    /// Its parts.
    package let parts: [String]
    /// How many files it has.
    package let files: Int64
    /// Whether it has the keys of encrypted values.
    package let hasKeys: Bool

    init(_ manifest: BackupManifest) {
        id = manifest.id
        createdAt = manifest.createdAt
        version = manifest.version
        parts = manifest.parts.map(\.name)
        files = manifest.parts.reduce(0) { $0 + ($1.files?.count ?? 0) }
        hasKeys = manifest.keys != nil
    }

    /// The line for programs.
    package var json: JSONValue {
        [
            "id": .string(id), "created_at": .integer(createdAt.milliseconds), "product_version": .string(version),
            "parts": .array(parts.map(JSONValue.string)), "files": .integer(files), "with_keys": .bool(hasKeys),
        ]
    }
}
