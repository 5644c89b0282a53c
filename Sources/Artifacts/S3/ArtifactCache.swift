package import Core
import Crypto

/// Files of a remote store as files of this host, for libraries that open files themselves.
///
/// What was brought once is used again while the store holds the same objects; every use checks the files against the
/// checksums that were taken when they came. The directory never holds more than its limit: what was not used for
/// longest goes first, and nothing stays longer than `ArtifactsLimits.cacheDays` unused.
package actor ArtifactCache {
    private let disk: DiskArtifactStore
    private let limit: Int64
    private let clock: Clock
    private var underway: [String: Task<Void, any Error>] = [:]
    private var isSwept = false

    /// A cache in a directory of its own, which may hold `limit` bytes.
    ///
    /// - Throws: `failedPrecondition` if the directory cannot be used.
    package init(directory: String, limit: Int64 = ArtifactsLimits.cacheBytes, clock: Clock = .system) throws {
        disk = try DiskArtifactStore(root: directory)
        self.limit = limit
        self.clock = clock
    }

    /// The host path of a file or directory of `store`, brought here first if it is not here.
    func localURL(_ path: ArtifactPath, from store: S3ArtifactStore) async throws -> String {
        let files = try await Self.files(path, store)
        let name = Self.name(path, files)
        while true {
            let task: Task<Void, any Error>
            if let running = underway[name] {
                task = running
            } else {
                // Whoever asks for the same meanwhile waits for the same download.
                task = Task { try await self.bring(path, files, name, store) }
                underway[name] = task
            }
            let result = await task.result
            if underway[name] == task { underway[name] = nil }
            try result.get()
            return try await disk.localURL(Self.place(name, path.isRoot ? "root" : path.name))
        }
    }

    // MARK: - One entry

    private struct File: Sendable {
        let path: ArtifactPath
        /// Beneath the directory that was asked for; empty for a single file.
        let relative: String
        let size: Int64
        let tag: String
    }

    private static func files(_ path: ArtifactPath, _ store: S3ArtifactStore) async throws -> [File] {
        if !path.isRoot, let head = try await store.head(path) {
            return [File(path: path, relative: "", size: head.size, tag: head.tag)]
        }
        let objects = try await store.objects(beneath: path)
        guard !objects.isEmpty else { throw MartletError(.notFound, "No such artifact: '\(path)'") }
        return objects.map { found in
            File(
                path: found.path,
                relative: found.path.relative(to: path) ?? found.path.name,
                size: found.object.size,
                tag: found.object.tag.filter { $0 != "\"" }
            )
        }
    }

    /// Names what the store holds now, so that a replaced file has an entry of its own.
    private static func name(_ path: ArtifactPath, _ files: [File]) -> String {
        var hash = SHA256()
        hash.update(data: Array(path.description.utf8))
        for file in files { hash.update(data: Array("\n\(file.relative)\n\(file.size) \(file.tag)".utf8)) }
        return Hexadecimal.text(hash.finalize())
    }

    private static func place(_ name: String, _ rest: String) throws -> ArtifactPath {
        try ArtifactPath(validating: "\(name)/content/\(rest)")
    }

    private static func manifest(_ name: String) throws -> ArtifactPath {
        try ArtifactPath(validating: "\(name)/manifest.json")
    }

    private func bring(_ path: ArtifactPath, _ files: [File], _ name: String, _ store: S3ArtifactStore) async throws {
        if !isSwept {
            isSwept = true
            try await sweep(keeping: name)
        }
        if try await isWhole(name) { return }
        try await disk.delete(ArtifactPath(validating: name))
        let size = files.reduce(Int64(0)) { $0.addingReportingOverflow($1.size).partialValue }
        try await makeRoom(for: size, path, keeping: name)
        do {
            var list: [JSONValue] = []
            for file in files {
                let rest = path.isRoot ? "root" : path.name
                let place = try Self.place(name, file.relative.isEmpty ? rest : "\(rest)/\(file.relative)")
                let digest = try await disk.write(place, chunks: store.read(file.path).chunks)
                list.append([
                    "path": .string(place.description), "size": .integer(digest.size), "sha256": .string(digest.sha256),
                ])
            }
            try await disk.write(
                Self.manifest(name),
                bytes: JSONValue.object(["size": .integer(size), "files": .array(list)]).serialized()
            )
        } catch {
            try? await disk.delete(ArtifactPath(validating: name))
            throw error
        }
    }

    /// Whether the entry is here with the bytes that came; marks it as used.
    private func isWhole(_ name: String) async throws -> Bool {
        let path = try Self.manifest(name)
        guard try await disk.entry(path) != nil else { return false }
        let bytes = try await disk.readAll(path, limit: ArtifactsLimits.cacheManifestBytes)
        guard let files = try? JSONValue.parse(bytes)["files"]?.arrayValue else { return false }
        for file in files {
            guard let text = file["path"]?.stringValue, let sha256 = file["sha256"]?.stringValue,
                let place = try? ArtifactPath(validating: text), try await disk.entry(place) != nil,
                try await disk.digest(place).sha256 == sha256
            else { return false }
        }
        // A new manifest has a new time, which is the time of the last use.
        try await disk.write(path, bytes: bytes)
        return true
    }

    // MARK: - Room

    private struct Entry {
        let name: String
        let size: Int64
        let used: Timestamp
    }

    private func entries() async throws -> [Entry] {
        var entries: [Entry] = []
        for directory in try await disk.list(.root) where directory.isDirectory {
            let name = directory.path.name
            let path = try Self.manifest(name)
            guard let manifest = try await disk.entry(path) else {
                entries.append(Entry(name: name, size: 0, used: Timestamp(milliseconds: 0)))
                continue
            }
            let bytes = try await disk.readAll(path, limit: ArtifactsLimits.cacheManifestBytes)
            let size = (try? JSONValue.parse(bytes)["size"]?.integerValue) ?? 0
            entries.append(Entry(name: name, size: size, used: manifest.modified ?? clock.now))
        }
        return entries
    }

    /// Removes what a killed process left half brought, and what nobody used for long.
    private func sweep(keeping name: String) async throws {
        let oldest = clock.now - .seconds(ArtifactsLimits.cacheDays * 86_400)
        for entry in try await entries() where entry.used < oldest && entry.name != name && underway[entry.name] == nil
        {
            try await disk.delete(ArtifactPath(validating: entry.name))
        }
    }

    private func makeRoom(for size: Int64, _ path: ArtifactPath, keeping name: String) async throws {
        guard size <= limit else {
            throw MartletError(
                .payloadTooLarge,
                "Artifact '\(path)' has \(size) bytes, but the cache for models holds \(limit)."
            )
        }
        try await sweep(keeping: name)
        var entries = try await entries().filter { $0.name != name }.sorted { $0.used < $1.used }
        var total = entries.reduce(Int64(0)) { $0 + $1.size }
        // What was asked for just now may be about to be opened.
        let recent = clock.now - .seconds(ArtifactsLimits.cacheGraceSeconds)
        while total + size > limit, let oldest = entries.first, oldest.used < recent, underway[oldest.name] == nil {
            try await disk.delete(ArtifactPath(validating: oldest.name))
            total -= oldest.size
            entries.removeFirst()
        }
        guard total + size <= limit else {
            throw MartletError(
                .resourceExhausted,
                "The cache for models is full of what was used just now: try again in some minutes."
            )
        }
    }
}
