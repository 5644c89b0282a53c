import Artifacts
import Core
import Foundation

/// The shipped log of one database, to restore from.
struct LogArchive: Sendable {
    let place: BackupPlace
    let name: String

    private static let description = "generation.json"

    func folder(_ generation: String) throws -> ArtifactPath {
        try ArtifactPath(validating: "wal/\(name)/\(generation)")
    }

    // MARK: - Writing

    /// Writes the description of a generation, whose copy is there.
    func write(_ generation: LogGeneration) async throws {
        let path = try folder(generation.id).appending(Self.description)
        try await place.store.write(path, bytes: SealedDocument.bytes(generation.json))
    }

    /// Writes a segment.
    ///
    /// - Returns: its SHA-256.
    func write(_ segment: LogSegment, time: Timestamp, endsCommit: Bool) async throws -> String {
        let bytes = segment.bytes
        let hash = ArtifactDigest(of: bytes).sha256
        let name = SegmentName(sequence: segment.sequence, time: time, endsCommit: endsCommit, sha256: hash)
        let path = try folder(segment.generation).appending(name.path)
        try await place.store.write(path, chunks: OneChunk(bytes), expectedSHA256: hash)
        return hash
    }

    /// Removes generations that ended long ago: whose next one began before `time`.
    func removeEnded(before time: Timestamp) async throws {
        let ids = try await generationIDs()
        for (id, next) in zip(ids, ids.dropFirst()) {
            guard let began = next.split(separator: "-").first.flatMap({ Int64($0) }), began < time.milliseconds else {
                return
            }
            try await place.store.delete(try folder(id))
        }
    }

    // MARK: - Reading

    private func generationIDs() async throws -> [String] {
        try await place.store.list(ArtifactPath(validating: "wal/\(name)")).filter(\.isDirectory).map(\.path.name)
            .sorted()
    }

    /// A generation; nil when it was not finished.
    private func generation(_ id: String) async throws -> LogGeneration? {
        let path = try folder(id).appending(Self.description)
        let bytes: [UInt8]
        do {
            bytes = try await place.store.readAll(path, limit: BackupsLimits.manifestBytes)
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
        return try LogGeneration(SealedDocument.content(bytes, name: "\(name)/\(id)/\(Self.description)"))
    }

    /// The newest generation that began by a moment.
    func generation(until time: Timestamp) async throws -> LogGeneration {
        for id in try await generationIDs().reversed() {
            guard let generation = try await generation(id), generation.createdAt <= time else { continue }
            return generation
        }
        throw MartletError(
            .notFound,
            "There is no shipped log of '\(name)' that reaches back to \(time.iso8601); restore a backup with --backup ID."
        )
    }

    /// The segments of a generation until a moment that end with a commit, in order.
    ///
    /// - Throws: `dataLoss` when one is missing.
    private func segments(of generation: LogGeneration, until time: Timestamp) async throws -> [(
        SegmentName, ArtifactPath
    )] {
        var found: [Int64: (SegmentName, ArtifactPath)] = [:]
        try await place.store.walk(folder(generation.id)) { entry in
            if let name = SegmentName(entry.path.name) { found[name.sequence] = (name, entry.path) }
        }
        var segments: [(SegmentName, ArtifactPath)] = []
        let last = found.keys.max() ?? 0
        for sequence in stride(from: 1, through: last, by: 1) {
            guard let segment = found[sequence] else {
                // Nobody knows when its frames were written, only that it was after those before it.
                let before = segments.last?.0.time ?? generation.createdAt
                guard time > before else { break }
                throw broken("Segment \(sequence) of the shipped log of '\(name)' is missing", before)
            }
            guard segment.0.time <= time else { break }
            segments.append(segment)
        }
        while let last = segments.last, !last.0.endsCommit { segments.removeLast() }
        return segments
    }

    private func broken(_ what: String, _ before: Timestamp) -> MartletError {
        MartletError(.dataLoss, "\(what); restore to \(before.iso8601) or earlier, or a backup with --backup ID.")
    }

    /// Restores the database as it was at a moment to a new file.
    ///
    /// - Returns: the moment of the last segment that was applied.
    func restore(to path: String, until time: Timestamp) async throws -> Timestamp {
        let generation = try await generation(until: time)
        try await LocalFile.write(place.contents(of: generation.file), to: path)
        var reached = generation.createdAt
        var previous = ""
        let target = try PageFile(path: path)
        for (name, place) in try await segments(of: generation, until: time) {
            let segment = try await read(name, place, before: reached)
            guard segment.generation == generation.id, segment.sequence == name.sequence, segment.previous == previous
            else {
                throw broken(
                    "Segment \(name.sequence) of the log of '\(self.name)' does not follow the one before",
                    reached
                )
            }
            try await BlockingWork.run { try target.apply(segment) }
            previous = name.sha256
            reached = name.time
        }
        try await BlockingWork.run { try target.finish() }
        return reached
    }

    private func read(_ name: SegmentName, _ path: ArtifactPath, before: Timestamp) async throws -> LogSegment {
        let bytes = try await place.store.readAll(path, limit: BackupsLimits.segmentBytes * 2)
        guard ArtifactDigest(of: bytes).sha256 == name.sha256 else {
            throw broken("Segment \(name.sequence) of the shipped log of '\(self.name)' is damaged", before)
        }
        return try LogSegment(bytes)
    }
}

/// The file of a database that nobody has open, to which pages are written as a checkpoint would.
final class PageFile: Sendable {
    private let file: FileHandle
    private let size: MutexedSize

    /// Opens the file.
    init(path: String) throws(MartletError) {
        guard let file = FileHandle(forUpdatingAtPath: path) else {
            throw MartletError(.unavailable, "The restored database cannot be opened.")
        }
        self.file = file
        size = MutexedSize()
    }

    /// Writes the pages of a segment.
    func apply(_ segment: LogSegment) throws {
        try segment.forEachPage { page, bytes, pages in
            guard page > 0 else { throw MartletError(.dataLoss, "A frame of the shipped log has no page.") }
            try file.seek(toOffset: UInt64(page - 1) * UInt64(segment.pageBytes))
            try file.write(contentsOf: Data(bytes))
            if pages > 0 { size.set(UInt64(pages) * UInt64(segment.pageBytes)) }
        }
    }

    /// Cuts the file to the size of the last commit and makes it durable.
    func finish() throws {
        if let size = size.value { try file.truncate(atOffset: size) }
        try file.synchronize()
        try file.close()
    }
}
