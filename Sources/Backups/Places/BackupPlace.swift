package import Artifacts
import Core
import Crypto
import Synchronization

/// Where backups lie: objects named by their SHA-256, which all backups share, and a manifest for each backup.
///
/// ```
/// objects/3f/3fa9…            bytes
/// backups/20261121T214500Z-1f0c9a3e.json
/// wal/<source>/<generation>/  shipped logs
/// ```
package final class BackupPlace: Sendable {
    private struct State {
        var known: [String: Int64] = [:]
        var sentObjects: Int64 = 0
        var sentBytes: Int64 = 0
        var reusedBytes: Int64 = 0
    }

    /// What lies there.
    package let store: any ArtifactStore
    private let state = Mutex(State())

    /// A place in a directory or a bucket.
    package init(store: any ArtifactStore) {
        self.store = store
    }

    /// Learns which objects are there, so that they are not sent again.
    package func learnObjects() async throws {
        var known: [String: Int64] = [:]
        try await store.walk(ArtifactPath(validating: "objects")) { entry in
            guard let size = entry.size, StoredFile.isHash(entry.path.name) else { return }
            known[entry.path.name] = size
        }
        let found = known
        state.withLock { $0.known = found }
    }

    /// What was sent since the place was opened, and what did not have to be.
    var traffic: (objects: Int64, sent: Int64, reused: Int64) {
        state.withLock { ($0.sentObjects, $0.sentBytes, $0.reusedBytes) }
    }

    // MARK: - Writing

    /// Stores bytes unless they are there.
    ///
    /// - Returns: their SHA-256.
    func put(_ bytes: [UInt8]) async throws -> String {
        let hash = ArtifactDigest(of: bytes).sha256
        let size = Int64(bytes.count)
        let isThere = state.withLock { state in
            guard state.known[hash] == size else { return false }
            state.reusedBytes += size
            return true
        }
        if isThere { return hash }
        try await store.write(Self.path(of: hash), chunks: OneChunk(bytes), expectedSHA256: hash)
        state.withLock { state in
            state.known[hash] = size
            state.sentObjects += 1
            state.sentBytes += size
        }
        return hash
    }

    /// Stores a file from its bytes as they come.
    func put(_ chunks: some AsyncSequence<[UInt8], any Error>) async throws -> StoredFile {
        var whole = SHA256()
        var size: Int64 = 0
        var hashes: [String] = []
        var buffer: [UInt8] = []
        for try await chunk in chunks {
            chunk.withUnsafeBytes { whole.update(bufferPointer: $0) }
            size += Int64(chunk.count)
            buffer.append(contentsOf: chunk)
            while buffer.count >= BackupsLimits.chunkBytes {
                hashes.append(try await put(Array(buffer.prefix(BackupsLimits.chunkBytes))))
                buffer.removeFirst(BackupsLimits.chunkBytes)
            }
        }
        if !buffer.isEmpty || hashes.isEmpty { hashes.append(try await put(buffer)) }
        return StoredFile(size: size, sha256: Hexadecimal.text(whole.finalize()), chunks: hashes)
    }

    /// Whether every object of a file is there.
    func has(_ file: StoredFile) -> Bool {
        state.withLock { state in file.chunks.allSatisfy { state.known[$0] != nil } }
    }

    /// Counts a file as one that did not have to be sent.
    func countReused(_ file: StoredFile) {
        state.withLock { $0.reusedBytes += file.size }
    }

    // MARK: - Reading

    /// The bytes of an object.
    ///
    /// - Throws: `dataLoss` when it is missing or not what its name says.
    func object(_ hash: String) async throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try await store.readAll(Self.path(of: hash), limit: BackupsLimits.chunkBytes)
        } catch let error as MartletError where [.notFound, .payloadTooLarge, .dataLoss].contains(error.code) {
            throw MartletError(.dataLoss, "The backup's object \(hash) is missing or damaged.", cause: error)
        }
        guard ArtifactDigest(of: bytes).sha256 == hash else {
            throw MartletError(.dataLoss, "The backup's object \(hash) is damaged: its bytes have another hash.")
        }
        return bytes
    }

    /// The bytes of a file, every object and the whole checked.
    func contents(of file: StoredFile) -> StoredContents {
        StoredContents(place: self, file: file)
    }

    static func path(of hash: String) throws -> ArtifactPath {
        try ArtifactPath(validating: "objects/\(hash.prefix(2))/\(hash)")
    }
}

/// The bytes of a stored file, checked as they are read.
struct StoredContents: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let place: BackupPlace
    let file: StoredFile

    func makeAsyncIterator() -> Iterator {
        Iterator(place: place, file: file)
    }

    struct Iterator: AsyncIteratorProtocol {
        let place: BackupPlace
        let file: StoredFile
        private var next = 0
        private var size: Int64 = 0
        private var hash = SHA256()

        init(place: BackupPlace, file: StoredFile) {
            self.place = place
            self.file = file
        }

        mutating func next() async throws -> [UInt8]? {
            guard next < file.chunks.count else {
                guard size == file.size, Hexadecimal.text(hash.finalize()) == file.sha256 else {
                    throw MartletError(
                        .dataLoss,
                        "A file of the backup does not have the hash of its list (\(file.sha256))."
                    )
                }
                return nil
            }
            let bytes = try await place.object(file.chunks[next])
            next += 1
            size += Int64(bytes.count)
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
            return bytes
        }
    }
}

/// Bytes in memory as a sequence of one chunk.
struct OneChunk: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(bytes: bytes)
    }

    struct Iterator: AsyncIteratorProtocol {
        var bytes: [UInt8]?

        mutating func next() async throws -> [UInt8]? {
            defer { bytes = nil }
            return bytes
        }
    }
}

/// Bytes as hexadecimal digits.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two lower-case digits a byte.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
