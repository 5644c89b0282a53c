import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Testing

@Suite struct LaneLimitTests {
    /// The status of a request with these fields; nil when the connection ended without an answer.
    private func status(_ fields: HTTPFields) async throws -> Int? {
        let router = Router()
        router.get("/") { _, _ in "ok" }
        let application = Application(router: router, server: LaneChannel.builder(EchoRoutes()))
        return try await application.test(.live) { client in
            try? await client.execute(uri: "/", method: .get, headers: fields).status.code
        }
    }

    private func field(of bytes: Int) throws -> HTTPFields {
        [try #require(HTTPField.Name("X-Long")): String(repeating: "x", count: bytes)]
    }

    @Test func headsAreBoundedInBytes() async throws {
        #expect(try await status(try field(of: LaneLimits.slowHeadBytes - 1024)) == 200)
        #expect(try await status(try field(of: LaneLimits.slowHeadBytes + 1)) != 200)
    }

    @Test func headsAreBoundedInFields() async throws {
        func fields(_ count: Int) throws -> HTTPFields {
            var fields = HTTPFields()
            for number in 0..<count { fields.append(HTTPField(name: try #require(.init("X-\(number)")), value: "x")) }
            return fields
        }
        #expect(try await status(try fields(LaneLimits.slowHeadFields - 16)) == 200)
        #expect(try await status(try fields(LaneLimits.slowHeadFields + 1)) != 200)
    }

    @Test func asManyConnectionsAsTheLimitSaysAndNotOneMore() {
        var open = MaximumAvailableConnections(LaneLimits.connections)
        for _ in 1..<LaneLimits.connections { open.connectionOpened() }
        #expect(open.isAcceptingNewConnections())
        open.connectionOpened()
        #expect(!open.isAcceptingNewConnections())
        open.connectionClosed()
        #expect(open.isAcceptingNewConnections())
    }
}
