import Artifacts
import Backups
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@Suite struct BackupRoutesTests {
    private static func application(_ service: BackupService) -> some ApplicationProtocol {
        let router = Router(context: AppRequestContext.self)
        BackupRoutes(service: service).register(in: RouteTable.forTests(router))
        return Application(router: router)
    }

    private static func ask(_ client: some TestClientProtocol, _ body: JSONValue) async throws -> HTTPResponse.Status {
        try await client.execute(
            uri: "/api/martlet/v1/backups",
            method: .post,
            headers: [.contentType: "application/json"],
            body: ByteBuffer(bytes: body.serialized())
        ) { $0.status }
    }

    @Test func onlyNamesAndBucketsAreDestinations() async throws {
        let ground = try await BackupGround()
        let service = BackupService(clock: .system) { _, _ in try await ground.backUp() }
        try await Self.application(service).test(.router) { client in
            for path in ["/etc", "../x", "a/b", ".", "", "file:///tmp/x", "C:", "s3:/x"] {
                let status = try await Self.ask(client, ["destination": .string(path)])
                #expect(status == .badRequest, "\(path)")
            }
            let unknown = try await Self.ask(client, ["destination": "nightly", "extra": 1])
            #expect(unknown == .badRequest)
            let long = String(repeating: "a", count: BackupsLimits.requestBytes)
            let tooLong = try await Self.ask(client, ["destination": .string(long)])
            #expect(tooLong == .contentTooLarge)
            let first = try await Self.ask(client, ["destination": "nightly"])
            #expect(first == .accepted)
            let second = try await Self.ask(client, ["destination": "nightly"])
            #expect(second == .conflict, "one at a time")
        }
    }

    @Test func aBackupRunsToItsEnd() async throws {
        let ground = try await BackupGround()
        let service = BackupService(clock: .system) { _, _ in try await ground.backUp() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            try await Self.application(service).test(.router) { client in
                for round in 0..<3 {
                    let begun = try await Self.ask(client, ["destination": "nightly"])
                    #expect(begun == .accepted)
                    var items: [JSONValue] = []
                    repeat {
                        try? await Task.sleep(for: .milliseconds(1))
                        items = try await client.execute(uri: "/api/martlet/v1/backups", method: .get) { response in
                            try JSONValue.parse(Array(response.body.readableBytesView))["items"]?.arrayValue ?? []
                        }
                    } while items.first?["state"] == "running"
                    #expect(items.count == round + 1)
                    #expect(items.count <= BackupsLimits.rememberedJobs)
                    #expect(items.first?["state"] == "succeeded")
                    #expect(items.first?["backup"]?["id"]?.stringValue?.isEmpty == false)
                }
            }
            group.cancelAll()
        }
        #expect(try await ground.place().backups().count == 3)
    }
}
