import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1
import Synchronization

/// An object that was opened: the answer under way, and how to go on when it breaks off.
final class S3Download: Sendable {
    let store: S3ArtifactStore
    let path: ArtifactPath
    let key: String
    let status: ArtifactStatus
    let checksum: S3Checksum?
    private let first: Mutex<HTTPClientResponse?>

    init(
        store: S3ArtifactStore,
        path: ArtifactPath,
        key: String,
        status: ArtifactStatus,
        checksum: S3Checksum?,
        response: HTTPClientResponse
    ) {
        self.store = store
        self.path = path
        self.key = key
        self.status = status
        self.checksum = checksum
        first = Mutex(response)
    }

    /// The answer with which the object was opened, once; then a new one from `position`, of the same object or none.
    fileprivate func response(at position: Int64, before end: Int64, isStart: Bool) async throws -> HTTPClientResponse {
        if isStart, let opened = first.withLock({ $0.take() }) { return opened }
        var request = S3Request(method: .GET, key: key)
        request.headers.append((name: "range", value: "bytes=\(position)-\(end - 1)"))
        if !status.tag.isEmpty { request.headers.append((name: "if-match", value: "\"\(status.tag)\"")) }
        let response = try await store.client.send(request)
        guard response.status.code == 206 || (position == 0 && end == status.size) else {
            throw MartletError(.unavailable, "The object store does not answer ranges, so the download cannot go on.")
        }
        return response
    }
}

/// Reads an object chunk by chunk; goes on where a connection broke off, and ends only if everything came.
struct S3Reader {
    private let download: S3Download
    private let start: Int64
    private let end: Int64
    private var position: Int64
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var attempt = 1
    private var verifier: S3ChecksumVerifier?
    /// The chunk that is given out only when another one or the proof that all is well has come.
    private var held: [UInt8]?
    private var isDone = false

    init(_ download: S3Download, _ range: Range<Int64>) {
        self.download = download
        start = range.lowerBound
        end = range.upperBound
        position = range.lowerBound
        if range == 0..<download.status.size, let checksum = download.checksum {
            verifier = S3ChecksumVerifier(checksum)
        }
    }

    /// The next chunk, or nil at the end.
    @concurrent mutating func next() async throws -> [UInt8]? {
        guard !isDone else { return nil }
        while position < end {
            let chunk = try await piece()
            position += Int64(chunk.count)
            verifier?.append(chunk)
            guard let ready = held else {
                held = chunk
                continue
            }
            held = chunk
            return ready
        }
        isDone = true
        try await verify()
        defer { held = nil }
        return held
    }

    /// Some bytes from `position` on.
    @concurrent private mutating func piece() async throws -> [UInt8] {
        while true {
            do {
                if body == nil {
                    let response = try await download.response(at: position, before: end, isStart: position == start)
                    body = response.body.makeAsyncIterator()
                }
                while let buffer = try await body?.next() {
                    guard buffer.readableBytes > 0 else { continue }
                    guard Int64(buffer.readableBytes) <= end - position else {
                        throw MartletError(
                            .dataLoss,
                            "The object store sends more bytes than artifact '\(download.path)' has."
                        )
                    }
                    // Progress: the next break has all its attempts again.
                    attempt = 1
                    return Array(buffer.readableBytesView)
                }
                throw MartletError(.unavailable, "The object store ended artifact '\(download.path)' too early.")
            } catch {
                body = nil
                try await wait(error)
            }
        }
    }

    @concurrent private mutating func wait(_ error: any Error) async throws {
        if let failure = error as? S3Failure, failure.status == 412 || failure.status == 404 {
            throw MartletError(
                .unavailable,
                "Artifact '\(download.path)' was replaced while it was read: read it again.",
                cause: failure
            )
        }
        if let error = error as? MartletError, error.code == .dataLoss { throw error }
        do {
            try await download.store.client.pause(after: error, attempt: attempt)
        } catch {
            throw download.store.client.explained(error, download.path)
        }
        attempt += 1
    }

    @concurrent private mutating func verify() async throws {
        guard var verifier else { return }
        self.verifier = nil
        guard !verifier.matches() else { return }
        if case .parts(_, let partBytes) = download.checksum {
            // A copy in parts of another size has another tag: then it says nothing about the bytes.
            let size = try await download.store.firstPartBytes(download.key, download.path)
            guard size == Int64(partBytes) else { return }
        }
        throw MartletError(
            .dataLoss,
            "Artifact '\(download.path)' does not have the checksum with which it was stored: restore it from a copy."
        )
    }
}
