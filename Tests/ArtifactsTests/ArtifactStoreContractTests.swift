import Artifacts
import Core
import Testing

/// What every artifact store does alike.
@Suite struct ArtifactStoreContractTests {
    private func path(_ text: String) throws -> ArtifactPath {
        try ArtifactPath(validating: text)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func writesAndReadsBack(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        let digest = try await store.write(
            path("1/run/artifacts/ä b+c&<d>'%.txt"),
            chunks: GivenChunks(chunks: [[97], [98, 99]])
        )
        #expect(digest == ArtifactDigest(of: [97, 98, 99]))
        #expect(try await store.readAll(path("1/run/artifacts/ä b+c&<d>'%.txt"), limit: 3) == [97, 98, 99])
        #expect(try await store.list(path("1/run/artifacts")).map(\.path.name) == ["ä b+c&<d>'%.txt"])
        try await store.write(path("1/run/artifacts/ä b+c&<d>'%.txt"), bytes: [1])
        #expect(try await store.digest(path("1/run/artifacts/ä b+c&<d>'%.txt")) == ArtifactDigest(of: [1]))
        #expect(
            await codeThrown { _ = try await store.readAll(path("1/run/artifacts/ä b+c&<d>'%.txt"), limit: 0) }
                == .payloadTooLarge
        )
    }

    @Test(arguments: StoreUnderTest.allCases)
    func emptyFiles(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        try await store.write(path("empty"), chunks: GivenChunks(chunks: []))
        #expect(try await store.readAll(path("empty"), limit: 0).isEmpty)
        #expect(try await store.entry(path("empty"))?.size == 0)
        #expect(try await store.read(path("empty"), range: .suffix(5)).range == nil)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func listsSortedWithSizes(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        for (name, size) in [("d/b", 2), ("d/a", 1), ("d/c/x", 3), ("d/c/y/z", 4), ("dd", 5)] {
            try await store.write(path(name), bytes: [UInt8](repeating: 0, count: size))
        }
        let entries = try await store.list(path("d"))
        #expect(entries.map(\.path.description) == ["d/a", "d/b", "d/c"])
        #expect(entries.map(\.size) == [1, 2, nil])
        #expect(entries.map(\.isDirectory) == [false, false, true])
        #expect(entries[0].modified != nil && entries[2].modified == nil)
        #expect(try await store.list(.root).map(\.path.name) == ["d", "dd"])
        #expect(try await store.list(path("none")).isEmpty)
        #expect(try await store.list(path("dd")).isEmpty)
        #expect(
            try await store.files(beneath: path("d")).map(\.path.description) == ["d/a", "d/b", "d/c/x", "d/c/y/z"]
        )
        #expect(try await store.entry(path("d/c"))?.isDirectory == true)
        #expect(try await store.entry(path("d/b"))?.size == 2)
        #expect(try await store.entry(path("d/none")) == nil)
        #expect(try await store.entry(.root)?.isDirectory == true)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func readsRanges(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        let bytes = patternBytes(600_000)
        try await store.write(path("big"), bytes: bytes)
        let cases: [(ArtifactRange, Range<Int>)] = [
            (.bytes(first: 3, last: 6), 3..<7), (.bytes(first: 0, last: .max), 0..<600_000),
            (.from(599_999), 599_999..<600_000), (.suffix(5), 599_995..<600_000), (.suffix(.max), 0..<600_000),
        ]
        for (range, expected) in cases {
            let body = try await store.read(path("big"), range: range)
            #expect(body.range == Int64(expected.lowerBound)..<Int64(expected.upperBound), "\(range)")
            #expect(body.size == 600_000 && body.isPartial)
            #expect(try await collect(body) == Array(bytes[expected]), "\(range)")
        }
        for range in [ArtifactRange.from(600_000), .bytes(first: .max, last: .max), .suffix(0)] {
            let body = try await store.read(path("big"), range: range)
            #expect(body.range == nil && body.size == 600_000, "\(range)")
            #expect(try await collect(body).isEmpty)
        }
        let whole = try await store.read(path("big"))
        #expect(!whole.isPartial)
        #expect(try await collect(whole) == bytes)
        // A body can be read again from its beginning.
        #expect(try await collect(whole) == bytes)
    }

    @Test(arguments: StoreUnderTest.allCases)
    func tagsChangeWithTheContent(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        try await store.write(path("a"), bytes: [1])
        let first = try await store.status(path("a"))
        #expect(try await store.status(path("a")) == first)
        #expect(try await store.read(path("a")).status == first)
        try await store.write(path("a"), bytes: [2])
        let second = try await store.status(path("a"))
        #expect(first.tag != second.tag && second.size == 1 && !first.tag.isEmpty)
        let age = Clock.system.now - second.modified
        #expect(age > .seconds(-5) && age < .seconds(60))
    }

    @Test(arguments: StoreUnderTest.allCases)
    func missingAndDirectories(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        try await store.write(path("d/a"), bytes: [1])
        for range in [nil, ArtifactRange.suffix(1)] {
            #expect(await codeThrown { _ = try await store.read(path("d/none"), range: range) } == .notFound)
            #expect(await codeThrown { _ = try await store.read(path("d"), range: range) } == .invalidArgument)
            #expect(await codeThrown { _ = try await store.read(.root, range: range) } == .invalidArgument)
        }
        #expect(await codeThrown { _ = try await store.status(path("d/none")) } == .notFound)
        #expect(await codeThrown { _ = try await store.status(path("d")) } == .invalidArgument)
        #expect(await codeThrown { try await store.write(path("d"), bytes: [1]) } == .invalidArgument)
        #expect(await codeThrown { try await store.write(path("d/a/b"), bytes: [1]) } == .invalidArgument)
        #expect(await codeThrown { try await store.write(.root, bytes: [1]) } == .invalidArgument)
        do {
            _ = try await store.read(path("d/none"))
            Issue.record("a missing file was read")
        } catch let error as MartletError {
            #expect(error.message == "No such artifact: 'd/none'")
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func deletesFilesAndTrees(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        for name in ["d/c/x", "d/y", "d&<>é/1", "dz", "e"] { try await store.write(path(name), bytes: [1]) }
        try await store.delete(path("d/y"))
        #expect(try await store.entry(path("d/y")) == nil)
        try await store.delete(path("d"))
        try await store.delete(path("d"))
        try await store.delete(path("d&<>é"))
        #expect(try await store.list(.root).map(\.path.name) == ["dz", "e"])
        #expect(await codeThrown { try await store.delete(.root) } == .invalidArgument)
        // Where a directory was, a file may be.
        try await store.write(path("d"), bytes: [7])
        #expect(try await store.readAll(path("d"), limit: 1) == [7])
    }

    @Test(arguments: StoreUnderTest.allCases)
    func failedUploadChangesNothing(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        try await store.write(path("a"), bytes: [1])
        let broken = GivenChunks(
            chunks: [patternBytes(S3Limits.partBytes), patternBytes(S3Limits.partBytes), [3]],
            failure: MartletError(.cancelled, "gone")
        )
        #expect(await codeThrown { try await store.write(path("a"), chunks: broken) } == .cancelled)
        #expect(try await store.readAll(path("a"), limit: 9) == [1])
    }

    @Test(arguments: StoreUnderTest.allCases)
    func wrongChecksumIsRefused(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        for bytes in [[5], patternBytes(S3Limits.partBytes + 1)] {
            let right = ArtifactDigest(of: bytes).sha256
            let wrong = String(right.reversed())
            let chunks = GivenChunks(chunks: [bytes])
            #expect(
                await codeThrown { try await store.write(path("a"), chunks: chunks, expectedSHA256: wrong) }
                    == .invalidArgument
            )
            #expect(try await store.entry(path("a")) == nil)
            try await store.write(path("a"), chunks: chunks, expectedSHA256: right)
            #expect(try await store.entry(path("a"))?.size == Int64(bytes.count))
            try await store.delete(path("a"))
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func sizesAroundOnePart(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        for size in [S3Limits.partBytes, S3Limits.partBytes + 1, 3 * S3Limits.partBytes] {
            let bytes = patternBytes(size, seed: size)
            #expect(try await store.write(path("big"), bytes: bytes) == ArtifactDigest(of: bytes))
            #expect(try await store.digest(path("big")) == ArtifactDigest(of: bytes))
            #expect(try await collect(store.read(path("big"), range: .suffix(3))) == Array(bytes.suffix(3)))
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func racingWritesLeaveOneWhole(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        let target = try path("race/file")
        let candidates = (0..<8).map { [UInt8](repeating: UInt8($0), count: 300_000) }
        try await store.write(target, bytes: candidates[0])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for candidate in candidates {
                group.addTask { try await store.write(target, bytes: candidate) }
                group.addTask {
                    let bytes = try await store.readAll(target, limit: 300_000)
                    #expect(bytes.count == 300_000 && Set(bytes).count == 1)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await candidates.contains(store.readAll(target, limit: 300_000)))
    }

    @Test(arguments: StoreUnderTest.allCases)
    func filesOfThisHost(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = place.store
        try await store.write(path("m/model/data/x.bin"), bytes: [1, 2])
        try await store.write(path("m/model/MLmodel"), bytes: [3])
        let directory = try await store.localURL(path("m/model"))
        #expect(names(in: directory) == ["MLmodel", "data"])
        #expect(names(in: directory + "/data") == ["x.bin"])
        let file = try await store.localURL(path("m/model/MLmodel"))
        #expect(file.hasSuffix("/MLmodel"))
        #expect(await codeThrown { _ = try await store.localURL(path("m/none")) } == .notFound)
    }
}
