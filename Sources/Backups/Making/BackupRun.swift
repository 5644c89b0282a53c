import Artifacts
package import Core
import Foundation
import Storage
import Synchronization

/// Makes one backup: databases first, then the files, then the keys, and the manifest when all of it is there.
package struct BackupRun: Sendable {
    private let place: BackupPlace
    private let sources: [BackupSource]
    private let keys: [BackupKey]?
    private let scratch: String
    private let clock: Clock
    private let onProgress: @Sendable (BackupProgress) -> Void

    /// A backup of these sources.
    ///
    /// - Parameters:
    ///   - place: where it goes.
    ///   - sources: what it holds, in this order.
    ///   - keys: the keys to hold, or nil to leave them out.
    ///   - scratch: a directory of this host with room for a copy of the largest database.
    ///   - clock: tells the time.
    ///   - onProgress: hears how far it is.
    package init(
        place: BackupPlace,
        sources: [BackupSource],
        keys: [BackupKey]?,
        scratch: String,
        clock: Clock = .system,
        onProgress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) {
        self.place = place
        self.sources = sources
        self.keys = keys
        self.scratch = scratch
        self.clock = clock
        self.onProgress = onProgress
    }

    /// Makes it; the server goes on meanwhile.
    ///
    /// - Throws: what keeps it from being complete; then there is no manifest, and what was sent serves the next one.
    package func run() async throws -> BackupOutcome {
        try await place.learnObjects()
        let before = try await place.newest()
        let now = clock.now
        var parts: [BackupManifest.Part] = []
        // Every database comes before every file, so that what a database names is among the files.
        var databases: [BackupManifest.DatabaseCopy] = []
        for source in sources {
            onProgress(BackupProgress(stage: "copying the database of '\(source.name)'", files: 0))
            databases.append(try await copyDatabase(source))
        }
        for (source, database) in zip(sources, databases) {
            var files: BackupManifest.Files?
            if source.artifacts != nil {
                let known = before?.parts.first { $0.name == source.name }?.files
                files = try await copyFiles(source, known: known)
            }
            parts.append(BackupManifest.Part(name: source.name, database: database, files: files))
        }
        let manifest = BackupManifest(
            id: BackupManifest.newID(now),
            createdAt: now,
            version: ProductVersion.text,
            parts: parts,
            keys: try await copyKeys()
        )
        try await place.write(manifest)
        let traffic = place.traffic
        return BackupOutcome(
            manifest: manifest,
            sentObjects: traffic.objects,
            sentBytes: traffic.sent,
            reusedBytes: traffic.reused,
            duration: clock.now - now
        )
    }

    // MARK: - Databases

    private func copyDatabase(_ source: BackupSource) async throws -> BackupManifest.DatabaseCopy {
        let path = "\(scratch)/\(source.name)-\(Identifier.random()).db"
        defer { Self.remove(path) }
        guard source.database.dialect == .sqlite else {
            let rows = try await source.database.exportRows(to: path)
            return BackupManifest.DatabaseCopy(
                format: .rows,
                file: try await place.put(LocalFile(path: path)),
                schema: rows.schema,
                tables: JSONObject(rows.counts.map { ($0.table, .integer($0.rows)) })
            )
        }
        try await source.database.copy(to: path)
        let file = try await place.put(LocalFile(path: path))
        let facts = try await DatabaseFacts.of(path)
        guard facts.problems.isEmpty else {
            throw MartletError(
                .dataLoss,
                "The database of '\(source.name)' is damaged, so it was not backed up: \(facts.problems[0])"
            )
        }
        return BackupManifest.DatabaseCopy(format: .sqlite, file: file, schema: facts.schema, tables: facts.tables)
    }

    static func remove(_ path: String) {
        // What is left behind is in the scratch directory, which its owner removes.
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    // MARK: - Files

    private func copyFiles(_ source: BackupSource, known: BackupManifest.Files?) async throws -> BackupManifest.Files {
        guard let store = source.artifacts else { throw MartletError(.internal, "The source has no files.") }
        var paths: [ArtifactPath] = []
        try await store.walk(.root) { paths.append($0.path) }
        paths.sort { $0.description < $1.description }
        let copier = FileCopier(place: place, store: store, known: try await knownFiles(known))
        var list: [UInt8] = []
        var (count, bytes, missing): (Int64, Int64, [String]) = (0, 0, [])
        var chunks: [[UInt8]] = []
        for start in stride(from: 0, to: paths.count, by: Self.filesPerBatch) {
            let batch = Array(paths[start..<min(start + Self.filesPerBatch, paths.count)])
            for (path, file) in zip(batch, try await copier.copy(batch)) {
                guard let file else {
                    missing.append(path.description)
                    continue
                }
                count += 1
                bytes += file.file.size
                list.append(contentsOf: file.line)
            }
            if list.count >= BackupsLimits.chunkBytes {
                chunks.append(list)
                list = []
            }
            onProgress(BackupProgress(stage: "copying the files of '\(source.name)'", files: count))
        }
        chunks.append(list)
        return BackupManifest.Files(
            count: count,
            bytes: bytes,
            list: try await place.put(SeveralChunks(chunks)),
            missing: Array(missing.prefix(BackupsLimits.namedFiles)),
            missingCount: Int64(missing.count)
        )
    }

    private static let filesPerBatch = 64

    private func knownFiles(_ files: BackupManifest.Files?) async throws -> [ArtifactPath: ListedFile] {
        guard let files else { return [:] }
        var known: [ArtifactPath: ListedFile] = [:]
        do {
            try await place.readList(files.list) { known[$0.path] = $0 }
        } catch let error as MartletError where error.code == .dataLoss {
            // The last backup is damaged; this one reads every file and sends what is missing.
            return [:]
        }
        return known
    }

    private func copyKeys() async throws -> [BackupManifest.Key]? {
        guard let keys else { return nil }
        var copied: [BackupManifest.Key] = []
        for key in keys where FileManager.default.fileExists(atPath: key.path) {
            copied.append(.init(name: key.name, file: try await place.put(LocalFile(path: key.path))))
        }
        return copied
    }
}

/// How far a backup is.
package struct BackupProgress: Sendable {
    /// What is being done.
    package let stage: String
    /// Files copied of the present source.
    package let files: Int64
}

/// What came of a backup.
package struct BackupOutcome: Sendable {
    /// What it holds.
    package let manifest: BackupManifest
    /// Objects that were sent.
    package let sentObjects: Int64
    /// Their bytes.
    package let sentBytes: Int64
    /// Bytes that the place had already.
    package let reusedBytes: Int64
    /// How long it took.
    package let duration: Duration

    /// The outcome for programs.
    package var json: JSONValue {
        var parts: [JSONValue] = []
        for part in manifest.parts {
            var object: JSONObject = [
                "name": .string(part.name), "database_bytes": .integer(part.database.file.size),
                "tables": .int(part.database.tables.count),
            ]
            if let files = part.files {
                object["files"] = .integer(files.count)
                object["file_bytes"] = .integer(files.bytes)
                object["missing_files"] = .array(files.missing.map(JSONValue.string))
                object["missing_count"] = .integer(files.missingCount)
            }
            parts.append(.object(object))
        }
        return [
            "id": .string(manifest.id), "created_at": .integer(manifest.createdAt.milliseconds),
            "parts": .array(parts), "with_keys": .bool(manifest.keys != nil), "sent_objects": .integer(sentObjects),
            "sent_bytes": .integer(sentBytes), "reused_bytes": .integer(reusedBytes),
            "duration_ms": .integer(duration.wholeMilliseconds),
        ]
    }
}

/// Chunks in memory as a sequence.
struct SeveralChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let chunks: [[UInt8]]

    init(_ chunks: [[UInt8]]) {
        self.chunks = chunks
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(rest: chunks[...])
    }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<[UInt8]>

        mutating func next() async throws -> [UInt8]? {
            rest.popFirst()
        }
    }
}
