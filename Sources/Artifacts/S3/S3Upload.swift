import Core
import Crypto
import NIOCore
import NIOHTTP1

/// A part that arrived.
struct S3Part: Sendable {
    let number: Int
    /// S3's tag of it, with its quotes.
    let tag: String
    /// MD5 of its bytes.
    let digest: [UInt8]
    /// Whether the tag is that MD5.
    let isTagOfContent: Bool
}

/// One object on its way: in one request, or in parts that become visible together or not at all.
actor S3Upload {
    private let store: S3ArtifactStore
    private let key: String
    private var id: String?
    private var lastPart = 0
    private var parts: [S3Part] = []
    private var isComplete = false

    init(store: S3ArtifactStore, key: String) {
        self.store = store
        self.key = key
    }

    /// Whether a part was begun.
    var isInParts: Bool { lastPart > 0 }

    /// Sends the object in one request.
    func putWhole(_ bytes: ByteBuffer, sha256: String) async throws {
        let request = S3Request(
            method: .PUT,
            key: key,
            headers: [(name: S3Metadata.sha256, value: sha256)],
            body: bytes,
            seconds: S3Limits.partSeconds
        )
        // Small files take no room worth counting.
        guard bytes.readableBytes > S3Limits.uncountedBytes else {
            _ = try await store.client.exchange(request)
            return
        }
        _ = try await store.gate.withPermit { try await store.client.exchange(request) }
    }

    /// The number of the next part; the first begins the upload at the store.
    ///
    /// - Throws: `payloadTooLarge` past `S3Limits.parts`.
    func nextPart() async throws -> Int {
        if id == nil {
            let request = S3Request(
                method: .POST,
                key: key,
                query: [(name: "uploads", value: "")],
                headers: [(name: S3Metadata.partBytes, value: String(S3Limits.partBytes))]
            )
            let answer = try await store.client.answer(request)
            guard let given = answer.text("UploadId"), !given.isEmpty else {
                throw MartletError(.dataLoss, "The object store began an upload without naming it.")
            }
            id = given
        }
        guard lastPart < S3Limits.parts else {
            let mebibytes = S3Limits.parts * (S3Limits.partBytes / 1024 / 1024)
            throw MartletError(
                .payloadTooLarge,
                "An artifact in a bucket may have \(mebibytes) MiB: split the file."
            )
        }
        lastPart += 1
        return lastPart
    }

    /// Sends one part.
    @concurrent nonisolated func send(_ bytes: ByteBuffer, number: Int) async throws -> S3Part {
        let digest = bytes.withUnsafeReadableBytes { Array(Insecure.MD5.hash(data: $0)) }
        let request = S3Request(
            method: .PUT,
            key: key,
            query: [(name: "partNumber", value: String(number)), (name: "uploadId", value: await id ?? "")],
            body: bytes,
            seconds: S3Limits.partSeconds
        )
        let answer = try await store.gate.withPermit { try await store.client.exchange(request) }
        guard let tag = answer.headers.first(name: "etag"), !tag.isEmpty else {
            throw MartletError(.dataLoss, "The object store took a part without a tag for it.")
        }
        let isMD5 = S3Checksum.isTagOfContent(answer.headers) && tag.filter { $0 != "\"" } == Hexadecimal.text(digest)
        return S3Part(number: number, tag: tag, digest: digest, isTagOfContent: isMD5)
    }

    /// Notes a part that arrived.
    func add(_ part: S3Part) {
        parts.append(part)
    }

    /// Puts the parts together.
    ///
    /// - Throws: `dataLoss` if what the store made is not made of them.
    func complete() async throws {
        parts.sort { $0.number < $1.number }
        guard let id, parts.count == lastPart else {
            throw MartletError(.internal, "The upload does not have all its parts.")
        }
        let list = parts.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\(S3XML.escaped($0.tag))</ETag></Part>"
        }
        let tag = try await completed(id, list)
        isComplete = true
        guard parts.allSatisfy(\.isTagOfContent), let tag, tag.contains("-") else { return }
        guard tag == S3Checksum.tag(ofParts: parts.map(\.digest)) else {
            try await store.deleteObject(key, .root)
            throw MartletError(.dataLoss, "The object store put the parts together wrongly: send the file again.")
        }
    }

    /// Completes the upload, also when the store had done so and its answer was lost.
    private func completed(_ id: String, _ list: [String]) async throws -> String? {
        do {
            return try await S3Completion.run(store.client, key: key, id: id, parts: list)
        } catch let failure as S3Failure where failure.code == "NoSuchUpload" {
            let made = try await store.client.exchange(S3Request(method: .HEAD, key: key))
            let tag = made.headers.first(name: "etag")?.filter { $0 != "\"" }
            guard tag == S3Checksum.tag(ofParts: parts.map(\.digest)) else { throw failure }
            return tag
        }
    }

    /// Drops the parts at the store, if there are any that no object is made of.
    func abort() async {
        guard let id, !isComplete else { return }
        let request = S3Request(method: .DELETE, key: key, query: [(name: "uploadId", value: id)], expected: [404])
        let client = store.client
        // A task of its own: the upload's may be cancelled, and then nothing could be sent any more.
        let cleaning = Task { _ = try? await client.exchange(request) }
        await cleaning.value
    }
}

/// The request that makes an object of its parts.
enum S3Completion {
    /// Completes an upload; answers the object's tag without quotes, nil if the store names none.
    static func run(_ client: S3Client, key: String, id: String, parts: [String]) async throws -> String? {
        let xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
        let body = "<CompleteMultipartUpload xmlns=\"\(xmlns)\">\(parts.joined())</CompleteMultipartUpload>"
        let request = S3Request(
            method: .POST,
            key: key,
            query: [(name: "uploadId", value: id)],
            headers: [(name: "content-type", value: "application/xml")],
            body: ByteBuffer(string: body),
            seconds: S3Limits.partSeconds
        )
        let answer = try await client.answer(request)
        return answer.text("ETag")?.filter { $0 != "\"" }
    }
}
