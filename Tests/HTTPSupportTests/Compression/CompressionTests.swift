import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite("Compressed bodies")
struct CompressionTests {
    private static let text = Array(String(repeating: "martlet ", count: 1000).utf8)

    /// Posts a body to a route that sends it back.
    private func echo(_ body: [UInt8], _ headers: [HTTPField.Name: String]) async throws -> (
        status: Int, headers: HTTPFields, body: [UInt8]
    ) {
        let router = Router(context: AppRequestContext.self)
        RouteTable.forTests(router).post("/echo", permission: .write, errors: .martlet) { request, _ in
            let accepted = request.headers[.acceptEncoding]
            let buffer = try await request.readDecodedBody(limit: 10_000)
            return await .bytes(Array(buffer.readableBytesView), contentType: "text/plain", acceptEncoding: accepted)
        }
        return try await Application(router: router).test(.router) { client in
            var fields = HTTPFields()
            for (name, value) in headers { fields[name] = value }
            let answer = try await client.execute(
                uri: "/echo",
                method: .post,
                headers: fields,
                body: ByteBuffer(bytes: body)
            )
            return (answer.status.code, answer.headers, Array(answer.body.readableBytesView))
        }
    }

    @Test("What is packed is unpacked", arguments: ContentCoding.allCases)
    func roundTrip(coding: ContentCoding) async throws {
        let packed = try #require(coding.encode(Self.text))
        #expect(packed.count < Self.text.count / 10)
        #expect(try coding.decode(packed, limit: Self.text.count) == Self.text)
        let answer = try await echo(
            packed,
            [.contentEncoding: coding.rawValue.uppercased(), .acceptEncoding: "br, \(coding.rawValue)"]
        )
        #expect(answer.status == 200)
        #expect(answer.headers[.contentEncoding] == coding.rawValue)
        #expect(answer.headers[.vary] == "Accept-Encoding")
        #expect(answer.headers[.contentLength] == "\(answer.body.count)")
        #expect(try coding.decode(answer.body, limit: 10_000) == Self.text)
    }

    @Test("Nothing to pack is packed", arguments: ContentCoding.allCases)
    func empty(coding: ContentCoding) throws {
        let packed = try #require(coding.encode([]))
        #expect(try coding.decode(packed, limit: 0) == [])
    }

    @Test("Codings on top of each other, up to the limit")
    func several() async throws {
        let once = try #require(ContentCoding.deflate.encode(Self.text))
        let twice = try #require(ContentCoding.gzip.encode(once))
        #expect(try await echo(twice, [.contentEncoding: "deflate, gzip"]).body == Self.text)
        let names = Array(repeating: "gzip", count: HTTPLimits.contentCodings + 1).joined(separator: ",")
        #expect(try await echo(twice, [.contentEncoding: names]).status == 415)
    }

    @Test("What is not as the header says is refused")
    func refused() async throws {
        let packed = try #require(ContentCoding.gzip.encode(Self.text))
        #expect(try await echo(Self.text, [.contentEncoding: "gzip"]).status == 400)
        #expect(try await echo(Array(packed.dropLast()), [.contentEncoding: "gzip"]).status == 400)
        #expect(try await echo(packed, [.contentEncoding: "br"]).status == 415)
        #expect(try await echo(Self.text, [.contentEncoding: "identity"]).body == Self.text)
        let bomb = try #require(ContentCoding.gzip.encode([UInt8](repeating: 0, count: 1_000_000)))
        #expect(bomb.count < 10_000)
        #expect(try await echo(bomb, [.contentEncoding: "gzip"]).status == 413)
    }

    @Test("Small answers and clients that do not ask get plain bytes")
    func plain() async throws {
        let small = [UInt8](repeating: 0x61, count: HTTPLimits.compressedBytes - 1)
        #expect(try await echo(small, [.acceptEncoding: "gzip"]).headers[.contentEncoding] == nil)
        #expect(try await echo(small + [0x61], [.acceptEncoding: "gzip"]).headers[.contentEncoding] == "gzip")
        #expect(try await echo(Self.text, [:]).headers[.contentEncoding] == nil)
    }

    @Test(
        "The client's weights decide",
        arguments: [
            ("gzip, deflate", ContentCoding.gzip), ("gzip;q=0.5, deflate", .deflate), ("deflate;q=0.1", .deflate),
            ("gzip;q=0", nil), ("*", nil), ("identity", nil), ("", nil), ("GZIP", .gzip),
            ("br;q=1, gzip; q=0.8", .gzip),
        ] as [(String, ContentCoding?)]
    )
    func preference(header: String, coding: ContentCoding?) {
        #expect(ContentCoding.preferred(header) == coding)
    }
}
