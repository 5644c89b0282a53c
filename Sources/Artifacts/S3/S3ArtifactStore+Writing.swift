import Core
import NIOCore

extension S3ArtifactStore {
    /// Stores an object from chunks as they arrive: in one request, or in parts.
    ///
    /// - Throws: as the protocol says.
    @discardableResult
    package func write<Chunks: AsyncSequence>(
        _ path: ArtifactPath,
        chunks: Chunks,
        expectedSHA256: String?
    ) async throws -> ArtifactDigest where Chunks.Element == [UInt8] {
        let key = try key(path)
        try await refuseWhatIsInTheWay(of: path)
        let upload = S3Upload(store: self, key: key)
        do {
            let digest = try await withThrowingTaskGroup(of: S3Part.self) { group in
                var buffer = ByteBuffer()
                var digest = DigestAccumulator()
                for try await chunk in chunks {
                    digest.append(chunk)
                    var rest = chunk[...]
                    while !rest.isEmpty {
                        if buffer.readableBytes == S3Limits.partBytes {
                            let full = buffer
                            buffer = ByteBuffer()
                            try await Self.begin(full, upload, &group)
                        }
                        let piece = rest.prefix(S3Limits.partBytes - buffer.readableBytes)
                        // Growing by doubling would leave as much again behind for every part.
                        if buffer.readableBytes + piece.count > S3Limits.uncountedBytes {
                            buffer.reserveCapacity(S3Limits.partBytes)
                        }
                        buffer.writeBytes(piece)
                        rest = rest.dropFirst(piece.count)
                    }
                }
                let result = digest.finish()
                guard await upload.isInParts else {
                    try result.check(against: expectedSHA256, path)
                    try await upload.putWhole(buffer, sha256: result.sha256)
                    return result
                }
                try await Self.begin(buffer, upload, &group)
                for try await part in group { await upload.add(part) }
                try result.check(against: expectedSHA256, path)
                try await upload.complete()
                return result
            }
            known.insert(Self.directories(of: key))
            return digest
        } catch {
            await upload.abort()
            throw client.explained(error, path)
        }
    }

    /// Sends a part beside the others, once there are few enough.
    private static func begin(
        _ bytes: ByteBuffer,
        _ upload: S3Upload,
        _ group: inout ThrowingTaskGroup<S3Part, any Error>
    ) async throws {
        let number = try await upload.nextPart()
        if number > S3Limits.partsInFlight, let done = try await group.next() { await upload.add(done) }
        group.addTask { try await upload.send(bytes, number: number) }
    }

    /// Refuses a file where a directory is, or beneath a file, as a disk does; a bucket would hold both.
    func refuseWhatIsInTheWay(of path: ArtifactPath) async throws {
        guard !path.isRoot else {
            throw MartletError(.invalidArgument, "Artifact path refers to a directory, not a file: ''")
        }
        async let isDirectory = isDirectory(path)
        let unknown = try Self.ancestors(of: path).filter { !known.contains(try key($0)) }
        let store = self
        let file = try await withThrowingTaskGroup(of: ArtifactPath?.self) { group in
            for ancestor in unknown {
                group.addTask { try await store.head(ancestor) == nil ? nil : ancestor }
            }
            var found: ArtifactPath?
            for try await ancestor in group { found = ancestor ?? found }
            return found
        }
        guard file == nil else {
            throw MartletError(.invalidArgument, "Invalid path '\(path)': a file lies where it needs a directory.")
        }
        guard try await !isDirectory else {
            throw MartletError(.invalidArgument, "Artifact path refers to a directory, not a file: '\(path)'")
        }
        known.insert(try unknown.map { try key($0) })
    }

    private static func ancestors(of path: ArtifactPath) -> [ArtifactPath] {
        var ancestors: [ArtifactPath] = []
        var parent = path.parent
        while !parent.isRoot {
            ancestors.append(parent)
            parent = parent.parent
        }
        return ancestors
    }

    private static func directories(of key: String) -> [String] {
        let names = key.split(separator: "/")
        return (1..<Swift.max(names.count, 1)).map { names[..<$0].joined(separator: "/") }
    }
}
