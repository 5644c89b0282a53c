import Core
import Foundation

/// The bytes of a file of this host, read off the cooperative threads.
struct LocalFile: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let path: String

    func makeAsyncIterator() -> Iterator {
        Iterator(path: path)
    }

    struct Iterator: AsyncIteratorProtocol {
        let path: String
        private var offset: UInt64 = 0

        init(path: String) {
            self.path = path
        }

        mutating func next() async throws -> [UInt8]? {
            let (path, offset) = (path, offset)
            let bytes = try await BlockingWork.run { () -> [UInt8] in
                let file = try FileHandle(forReadingFrom: URL(filePath: path))
                defer { try? file.close() }
                try file.seek(toOffset: offset)
                return try file.read(upToCount: BackupsLimits.chunkBytes).map { Array($0) } ?? []
            }
            self.offset += UInt64(bytes.count)
            return bytes.isEmpty ? nil : bytes
        }
    }

    /// Where the host keeps temporary files.
    static var temporaryDirectory: String {
        FileManager.default.temporaryDirectory.path(percentEncoded: false)
    }

    /// Makes the folder that a file is to lie in, for nobody else to look into.
    static func makeFolder(of path: String) throws(MartletError) {
        do {
            try FileManager.default.createDirectory(
                at: URL(filePath: path).deletingLastPathComponent(),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(.unavailable, "The folder to restore to cannot be made.", cause: error)
        }
    }

    /// Writes a file from its bytes as they come, and makes it durable.
    ///
    /// - Throws: `alreadyExists` when something is there.
    static func write(_ chunks: some AsyncSequence<[UInt8], any Error>, to path: String) async throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MartletError(
                errno == EEXIST ? .alreadyExists : .unavailable,
                "A file cannot be created where it is restored to (system error \(errno))."
            )
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        for try await chunk in chunks {
            try await BlockingWork.run {
                do {
                    try file.write(contentsOf: Data(chunk))
                } catch {
                    throw MartletError(.storageFull, "There is no room to restore to; free some.", cause: error)
                }
            }
        }
        try await BlockingWork.run { try file.synchronize() }
    }
}
