import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1

/// An answer whose body is read as it arrives.
package struct EgressAnswer: Sendable {
    /// The status.
    package let status: Int
    /// The headers in the order in which they came.
    package let headers: [(name: String, value: String)]
    /// The body.
    package let body: EgressBody

    /// An answer of bytes in memory, for tests of what reads answers.
    package init(status: Int, headers: [(name: String, value: String)] = [], bytes: [UInt8]) {
        self.status = status
        self.headers = headers
        body = EgressBody(source: .bytes(ByteBuffer(bytes: bytes)), limit: nil, what: "The answer", connection: nil)
    }

    init(_ response: HTTPClientResponse, limit: Int?, what: String, connection: PinnedClient) {
        status = Int(response.status.code)
        headers = response.headers.map { ($0.name, $0.value) }
        body = EgressBody(source: response.body, limit: limit, what: what, connection: connection)
    }

    /// The first header with a name, whatever its case.
    package func header(_ name: String) -> String? {
        Self.header(name, in: headers)
    }

    static func header(_ name: String, in headers: [(name: String, value: String)]) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An answer that was read to its end.
package struct EgressReply: Sendable {
    /// The status.
    package let status: Int
    /// The headers in the order in which they came.
    package let headers: [(name: String, value: String)]
    /// The body, as far as the request's limit.
    package let body: [UInt8]
    /// Whether the body went on past the limit.
    package let isCut: Bool

    /// The first header with a name, whatever its case.
    package func header(_ name: String) -> String? {
        EgressAnswer.header(name, in: headers)
    }
}

/// The bytes of an answer as they arrive; ends with an error past the request's limit.
package struct EgressBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    let source: HTTPClientResponse.Body
    let limit: Int?
    let what: String
    /// Kept for as long as bytes may come.
    let connection: PinnedClient?

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source.makeAsyncIterator(), body: self)
    }

    /// Reads one piece after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        var source: HTTPClientResponse.Body.AsyncIterator
        let body: EgressBody
        var count = 0

        @concurrent package mutating func next() async throws -> [UInt8]? {
            let chunk: ByteBuffer?
            do {
                chunk = try await source.next()
            } catch {
                throw EgressFailure.explained(error, what: body.what)
            }
            guard let chunk else { return nil }
            count = count.addingReportingOverflow(chunk.readableBytes).partialValue
            if let limit = body.limit, count > limit {
                throw MartletError(.payloadTooLarge, "\(body.what) answered with more than \(limit) bytes.")
            }
            return Array(chunk.readableBytesView)
        }
    }

    /// All bytes, at most `limit`.
    ///
    /// - Throws: `payloadTooLarge` past it.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            guard chunk.count <= limit - bytes.count else {
                throw MartletError(.payloadTooLarge, "\(what) answered with more than \(limit) bytes.")
            }
            bytes += chunk
        }
        return bytes
    }
}
