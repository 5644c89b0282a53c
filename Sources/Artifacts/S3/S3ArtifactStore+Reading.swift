import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1

extension S3ArtifactStore {
    /// Opens an object, or a part of it.
    ///
    /// - Throws: as the protocol says.
    package func read(_ path: ArtifactPath, range: ArtifactRange?) async throws -> ArtifactBody {
        guard !path.isRoot else { throw try await absence(of: path) }
        let key = try key(path)
        var request = S3Request(method: .GET, key: key, expected: [404, 416])
        if let range { request.headers.append((name: "range", value: range.header)) }
        let response = try await client.explaining(path) { try await client.send(request) }
        switch response.status.code {
        case 404:
            let body = (try? await response.body.collect(upTo: S3Limits.errorBytes)).map { Array($0.readableBytesView) }
            let failure = S3Failure(status: 404, headers: response.headers, body: body ?? [])
            guard failure.code != "NoSuchBucket" else { throw failure.explained(nil, client.settings) }
            throw try await absence(of: path)
        case 416:
            let status = try await status(path)
            return ArtifactBody(status: status, asked: .from(status.size), source: .empty)
        default:
            break
        }
        let status = try Self.status(response.headers, path)
        let download = S3Download(
            store: self,
            path: path,
            key: key,
            status: status,
            checksum: S3Checksum(headers: response.headers, size: status.size),
            response: response
        )
        // A store that does not know ranges answers 200 with everything; of nothing there is no part.
        let asked = response.status.code == 206 || status.size == 0 ? range : nil
        return ArtifactBody(status: status, asked: asked, source: .s3(download))
    }

    /// Bytes of the first part of an object that was sent in parts; nil if the store does not say.
    func firstPartBytes(_ key: String, _ path: ArtifactPath) async throws -> Int64? {
        let request = S3Request(
            method: .HEAD,
            key: key,
            query: [(name: "partNumber", value: "1")],
            expected: [400, 416]
        )
        let answer = try await client.explaining(path) { try await client.exchange(request) }
        return answer.headers.first(name: "content-length").flatMap { Int64($0) }
    }
}
