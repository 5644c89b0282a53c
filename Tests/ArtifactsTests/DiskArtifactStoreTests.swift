import Artifacts
import Core
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct DiskArtifactStoreTests {
    private let temporary: TemporaryStore

    init() throws {
        temporary = try TemporaryStore()
    }

    private var store: DiskArtifactStore { temporary.store }

    private func path(_ text: String) throws -> ArtifactPath {
        try ArtifactPath(validating: text)
    }

    private func code(_ work: () async throws -> Void) async -> MartletError.Code? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? MartletError)?.code
        }
    }

    @Test func writesAndReadsBack() async throws {
        let digest = try await store.write(
            path("1/run/artifacts/a.txt"),
            chunks: GivenChunks(chunks: [[97], [], [98, 99]])
        )
        // SHA-256 of "abc": FIPS 180-2, appendix B.1.
        #expect(digest.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(digest.size == 3)
        #expect(try await store.readAll(path("1/run/artifacts/a.txt"), limit: 3) == [97, 98, 99])
        #expect(try await store.digest(path("1/run/artifacts/a.txt")) == digest)
        #expect(ArtifactDigest(of: Array("abc".utf8)) == digest)
        #expect(temporary.waiting().isEmpty)
    }

    @Test func emptyFile() async throws {
        try await store.write(path("empty"), bytes: [])
        #expect(try await store.readAll(path("empty"), limit: 0).isEmpty)
    }

    @Test func readsInChunksAndRanges() async throws {
        let size = ArtifactsLimits.readChunkBytes * 2 + 5
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await store.write(path("big"), bytes: bytes)
        let body = try await store.read(path("big"))
        var sizes: [Int] = []
        var whole: [UInt8] = []
        for try await chunk in body.chunks {
            sizes.append(chunk.count)
            whole += chunk
        }
        #expect(sizes == [ArtifactsLimits.readChunkBytes, ArtifactsLimits.readChunkBytes, 5])
        #expect(whole == bytes)
        var part: [UInt8] = []
        for try await chunk in try await store.read(path("big"), range: .bytes(first: 3, last: 6)).chunks {
            part += chunk
        }
        #expect(part == Array(bytes[3..<7]))
        let past = try await store.read(path("big"), range: .from(Int64(size)))
        #expect(past.range == nil)
        for try await _ in past.chunks { Issue.record("nothing lies past the end") }
    }

    @Test func readLimit() async throws {
        try await store.write(path("a"), bytes: [1, 2, 3])
        #expect(await code { _ = try await store.readAll(path("a"), limit: 2) } == .payloadTooLarge)
    }

    @Test func listsSortedWithSizes() async throws {
        try await store.write(path("d/b"), bytes: [1])
        try await store.write(path("d/a"), bytes: [1, 2])
        try await store.write(path("d/c/x"), bytes: [])
        let listing = try await store.list(path("d"))
        #expect(listing.map(\.path.name) == ["a", "b", "c"])
        #expect(listing.map(\.size) == [2, 1, nil])
        #expect(listing.map(\.isDirectory) == [false, false, true])
        #expect(try await store.list(.root).map(\.path.name) == ["d"])
        #expect(try await store.list(path("none")).isEmpty)
        #expect(try await store.list(path("d/a")).isEmpty)
        #expect(try await store.files(beneath: .root).map(\.path.description) == ["d/a", "d/b", "d/c/x"])
    }

    @Test func entries() async throws {
        try await store.write(path("d/a"), bytes: [1, 2])
        #expect(try await store.entry(path("d"))?.isDirectory == true)
        #expect(try await store.entry(path("d/a"))?.size == 2)
        #expect(try await store.entry(path("d/x")) == nil)
        #expect(try await store.entry(path("d/a/x")) == nil)
        #expect(try await store.entry(.root)?.isDirectory == true)
    }

    @Test func missingAndDirectories() async throws {
        try await store.write(path("d/a"), bytes: [1])
        #expect(await code { _ = try await store.read(path("d/none")) } == .notFound)
        #expect(await code { _ = try await store.read(path("d")) } == .invalidArgument)
        #expect(await code { try await store.write(path("d"), bytes: [1]) } == .invalidArgument)
        #expect(await code { try await store.write(path("d/a/b"), bytes: [1]) } == .invalidArgument)
        #expect(await code { try await store.write(.root, bytes: [1]) } == .invalidArgument)
        #expect(temporary.waiting().isEmpty)
    }

    @Test func deletesFilesAndTrees() async throws {
        try await store.write(path("d/c/x"), bytes: [1])
        try await store.write(path("d/y"), bytes: [1])
        try await store.delete(path("d/y"))
        #expect(try await store.entry(path("d/y")) == nil)
        try await store.delete(path("d"))
        #expect(try await store.list(.root).isEmpty)
        try await store.delete(path("d"))
        #expect(await code { try await store.delete(.root) } == .invalidArgument)
    }

    @Test func deletionDuringAReadDoesNotTearIt() async throws {
        try await store.write(path("a"), bytes: [1, 2])
        let body = try await store.read(path("a"))
        try await store.write(path("a"), bytes: [9])
        try await store.delete(path("a"))
        var bytes: [UInt8] = []
        for try await chunk in body.chunks { bytes += chunk }
        #expect(bytes == [1, 2])
    }

    @Test func symbolicLinksAreRefused() async throws {
        let secret = try temporary.makeOutsideFile("secret", "key")
        try await store.write(path("d/a"), bytes: [1])
        #expect(symlink(secret, "\(temporary.root)/d/file") == 0)
        #expect(symlink(temporary.directory, "\(temporary.root)/d/folder") == 0)
        #expect(symlink("a", "\(temporary.root)/d/inside") == 0)
        for name in ["d/file", "d/folder/secret", "d/inside"] {
            #expect(await code { _ = try await store.read(path(name)) } == .invalidArgument, "\(name)")
            #expect(await code { _ = try await store.localURL(path(name)) } == .invalidArgument, "\(name)")
        }
        #expect(await code { try await store.write(path("d/folder/new"), bytes: [1]) } == .invalidArgument)
        #expect(try await store.list(path("d")).map(\.path.name) == ["a"])
        #expect(!names(in: temporary.directory).contains("new"))
        // Deleting a link removes the link, not what it points to; so does replacing it.
        try await store.write(path("d/file"), bytes: [7])
        #expect(try await store.readAll(path("d/file"), limit: 9) == [7])
        try await store.delete(path("d"))
        #expect(names(in: temporary.directory).contains("secret"))
    }

    @Test func pipesDoNotHang() async throws {
        #expect(mkfifo("\(temporary.root)/pipe", 0o644) == 0)
        #expect(await code { _ = try await store.read(path("pipe")) } == .invalidArgument)
        #expect(try await store.list(.root).isEmpty)
    }

    @Test func failedUploadChangesNothing() async throws {
        try await store.write(path("a"), bytes: [1])
        let broken = GivenChunks(
            chunks: [[UInt8](repeating: 2, count: ArtifactsLimits.writeBufferBytes), [3]],
            failure: MartletError(.cancelled, "gone")
        )
        #expect(await code { try await store.write(path("a"), chunks: broken) } == .cancelled)
        #expect(try await store.readAll(path("a"), limit: 9) == [1])
        #expect(temporary.waiting().isEmpty)
    }

    @Test func wrongChecksumIsRefused() async throws {
        let right = ArtifactDigest(of: [5]).sha256
        let wrong = String(right.reversed())
        let chunks = GivenChunks(chunks: [[5]])
        #expect(
            await code { try await store.write(path("a"), chunks: chunks, expectedSHA256: wrong) } == .invalidArgument
        )
        #expect(try await store.entry(path("a")) == nil)
        try await store.write(path("a"), chunks: chunks, expectedSHA256: right)
        #expect(try await store.entry(path("a"))?.size == 1)
    }

    @Test func racingWritesLeaveOneWhole() async throws {
        let target = try path("race/file")
        let store = store
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
        #expect(temporary.waiting().isEmpty)
    }

    @Test func leftoversOfAKilledWriterAreRemovedButNotLiveOnes() async throws {
        let incoming = "\(temporary.root)/.martlet-incoming"
        try temporary.writeFile("\(incoming)/dead", "half")
        let live = open("\(incoming)/live", O_WRONLY | O_CREAT, 0o644)
        defer { close(live) }
        #expect(flock(live, LOCK_EX) == 0)
        _ = try DiskArtifactStore(root: temporary.root)
        #expect(temporary.waiting() == ["live"])
    }

    @Test func hostPathOnlyOnRequest() async throws {
        try await store.write(path("d/a"), bytes: [1])
        #expect(try await store.localURL(path("d/a")) == "\(temporary.root)/d/a")
        #expect(try await store.localURL(.root) == temporary.root)
        do {
            _ = try await store.localURL(path("d/none"))
            Issue.record("a missing file has no host path")
        } catch let error as MartletError {
            #expect(error.code == .notFound)
            #expect(!error.message.contains(temporary.root))
        }
    }

    @Test func unusableRoot() throws {
        let file = try temporary.makeOutsideFile("file", "")
        #expect {
            try DiskArtifactStore(root: file)
        } throws: { error in
            (error as? MartletError)?.code == .failedPrecondition
        }
    }

    @Test func listingsAreBounded() async throws {
        try await store.write(path("many/f0"), bytes: [])
        for index in 1..<ArtifactsLimits.entries { try temporary.writeFile("\(temporary.root)/many/f\(index)", "") }
        #expect(try await store.list(path("many")).count == ArtifactsLimits.entries)
        try temporary.writeFile("\(temporary.root)/many/one-more", "")
        #expect(await code { _ = try await store.list(path("many")) } == .resourceExhausted)
        #expect(await code { _ = try await store.files(beneath: .root) } == .resourceExhausted)
    }

    /// Uploads that wait for their senders do not occupy the threads that the disk has.
    @Test func slowSendersDoNotHoldUpOthers() async throws {
        let store = store
        var senders: [AsyncStream<[UInt8]>.Continuation] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0...ArtifactsLimits.diskThreads {
                let (stream, sender) = AsyncStream.makeStream(of: [UInt8].self)
                sender.yield([1])
                senders.append(sender)
                let target = try path("slow/\(index)")
                group.addTask { try await store.write(target, chunks: stream) }
            }
            try await store.write(path("fast"), bytes: [1, 2])
            #expect(try await store.readAll(path("fast"), limit: 2) == [1, 2])
            for sender in senders { sender.finish() }
            try await group.waitForAll()
        }
        #expect(try await store.list(path("slow")).count == ArtifactsLimits.diskThreads + 1)
    }
}
