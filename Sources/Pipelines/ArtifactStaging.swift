package import Artifacts
import Core
import Crypto
import Foundation

/// Brings artifacts from the store into an attempt's directory, and what the attempt leaves back into the store.
///
/// Artifacts travel through the store and never from directory to directory, so that tasks may run on different hosts.
package struct ArtifactStaging: Sendable {
    private let store: any ArtifactStore

    /// Staging over one store.
    package init(store: any ArtifactStore) {
        self.store = store
    }

    /// Where the artifacts of one attempt lie in the store.
    package static func place(run: String, task: String, attempt: Int) -> String {
        "pipelines/\(run)/\(task)/\(attempt)"
    }

    /// Puts the job's input artifacts into its directory, which exists.
    ///
    /// - Throws: `notFound` when one is gone, `dataLoss` when its bytes are not those that were left.
    package func stageIn(_ job: StepJob) async throws {
        for input in job.inputs {
            for (index, record) in input.records.enumerated() {
                let path = input.isMany ? "\(input.path)/\(index)" : input.path
                try await fetch(record, to: "\(job.directory)/\(path)")
            }
        }
    }

    private func fetch(_ record: ArtifactRecord, to path: String) async throws {
        let place = try ArtifactPath(validating: record.place)
        guard record.isDirectory else {
            let digest = try await copy(place, to: path)
            guard digest == record.sha256 else { throw changed(record) }
            return
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var list = SHA256()
        for entry in try await store.files(beneath: place) {
            guard let relative = entry.path.relative(to: place) else { continue }
            let digest = try await copy(entry.path, to: "\(path)/\(relative)")
            list.update(data: Data("\(relative)\0\(digest)\n".utf8))
        }
        guard Self.hex(list.finalize()) == record.sha256 else { throw changed(record) }
    }

    private func changed(_ record: ArtifactRecord) -> MartletError {
        MartletError(.dataLoss, "The artifact '\(record.place)' is not what the task left there; run that task again.")
    }

    private func copy(_ place: ArtifactPath, to path: String) async throws -> String {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else {
            throw MartletError(
                .failedPrecondition,
                "The artifact '\(place)' could not be put into the task's directory."
            )
        }
        defer { try? handle.close() }
        var digest = SHA256()
        for try await chunk in try await store.read(place).chunks {
            digest.update(data: chunk)
            try handle.write(contentsOf: chunk)
        }
        return Self.hex(digest.finalize())
    }

    /// Puts what the job was to leave into the store, and into its basket.
    ///
    /// Call it when nothing of the attempt runs any more: what it left is not trusted to stand still, or to be files.
    /// - Throws: `failedPrecondition` naming an output that is not there, or is no plain file or directory.
    package func collect(_ job: StepJob) async throws {
        let place = Self.place(run: job.runID, task: job.task, attempt: job.attempt)
        for output in job.outputs {
            job.basket.add([try await leave(output, of: job, at: "\(place)/\(output.name)")])
        }
    }

    private func leave(_ output: OutputArtifact, of job: StepJob, at place: String) async throws -> ArtifactRecord {
        var found: [(relative: String, isDirectory: Bool)] = []
        let root = "\(job.directory)/\(output.path)"
        var parent = job.directory
        for name in output.path.split(separator: "/") {
            parent += "/\(name)"
            let isLast = parent == root
            switch Self.kind(parent) {
            case .directory?: break
            case .file? where isLast: break
            default:
                throw MartletError(
                    .failedPrecondition,
                    "The task '\(job.task)' left no plain file or directory at '\(output.path)' for its output '\(output.name)'."
                )
            }
        }
        guard Self.kind(root) == .directory else {
            let digest = try await upload(root, to: place)
            return ArtifactRecord(
                name: output.name,
                place: place,
                isDirectory: false,
                bytes: digest.0,
                sha256: digest.1
            )
        }
        try Self.walk(root, "", job: job, output: output, &found)
        var bytes: Int64 = 0
        var list = SHA256()
        for file in found.map(\.relative).sorted() {
            let digest = try await upload("\(root)/\(file)", to: "\(place)/\(file)")
            bytes += digest.0
            list.update(data: Data("\(file)\0\(digest.1)\n".utf8))
        }
        return ArtifactRecord(
            name: output.name,
            place: place,
            isDirectory: true,
            bytes: bytes,
            sha256: Self.hex(list.finalize())
        )
    }

    private func upload(_ path: String, to place: String) async throws -> (Int64, String) {
        let target = try ArtifactPath(validating: place)
        let digest = try await store.write(target, chunks: FileChunks(path: path))
        return (digest.size, digest.sha256)
    }

    private enum Kind { case file, directory, other }

    private static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .other
        }
    }

    private static func walk(
        _ root: String,
        _ relative: String,
        job: StepJob,
        output: OutputArtifact,
        _ found: inout [(relative: String, isDirectory: Bool)]
    ) throws {
        let directory = relative.isEmpty ? root : "\(root)/\(relative)"
        guard relative.split(separator: "/").count < PipelinesLimits.pathDepth else {
            throw MartletError(
                .failedPrecondition,
                "The output '\(output.name)' of the task '\(job.task)' is nested more than \(PipelinesLimits.pathDepth) levels deep."
            )
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
            let path = relative.isEmpty ? name : "\(relative)/\(name)"
            switch kind("\(root)/\(path)") {
            case .directory?: try walk(root, path, job: job, output: output, &found)
            case .file?: found.append((path, false))
            default:
                throw MartletError(
                    .failedPrecondition,
                    "The output '\(output.name)' of the task '\(job.task)' holds '\(path)', which is no plain file."
                )
            }
            guard found.count <= PipelinesLimits.artifactFiles else {
                throw MartletError(
                    .failedPrecondition,
                    "The output '\(output.name)' of the task '\(job.task)' has more than \(PipelinesLimits.artifactFiles) files; leave an archive."
                )
            }
        }
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }
}

/// A file of a task as chunks; a link is not followed.
struct FileChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let path: String

    func makeAsyncIterator() -> Iterator {
        Iterator(path: path)
    }

    struct Iterator: AsyncIteratorProtocol {
        let path: String
        private var handle: FileHandle?

        init(path: String) {
            self.path = path
        }

        mutating func next() async throws -> [UInt8]? {
            let file: FileHandle
            if let handle {
                file = handle
            } else {
                let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                guard descriptor >= 0 else {
                    throw MartletError(.failedPrecondition, "A file that the task left cannot be read.")
                }
                file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
                handle = file
            }
            guard let data = try file.read(upToCount: 1 << 20), !data.isEmpty else { return nil }
            return [UInt8](data)
        }
    }
}
