import Core
import HTTPSupport
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

import Serving

/// Predictions of callers with credentials: in the lane when the gate knows them at once, else the router's.
@Suite(.serialized) struct LaneAdmissionTests {
    private final class Counts: Sendable {
        let routed = Atomic<Int>(0)
        let spent = Atomic<Int>(0)
    }

    /// A server with the planes of two workspaces, of which only the first has a model.
    private func serving(
        spends: Bool = true,
        _ body:
            @escaping @Sendable (_ send: (_ body: String, _ fields: [String]) throws -> String, Counts) throws -> Void
    ) async throws {
        let (main, other) = (try await ServingHarness.serving(), try await ServingHarness())
        let counts = Counts()
        let router = Router(context: AppRequestContext.self)
        router.post("/predict") { _, _ in
            counts.routed.add(1, ordering: .relaxed)
            return "routed"
        }
        let lane = ServingLane(servesHost: { _ in true }) { caller in
            guard caller.authorization == "Bearer known" else { return nil }
            return LaneAdmission(plane: caller.workspace == "other" ? other.plane : main.plane) {
                counts.spent.add(1, ordering: .relaxed)
                return spends
            }
        }
        let application = Application(router: router, server: LaneChannel.builder(lane))
        try await application.test(.live) { client in
            let port = try #require(client.port)
            try await BlockingWork.run {
                let connection = try RawConnection(port: port)
                defer { connection.close() }
                try body(
                    { text, fields in
                        let lines =
                            ["POST /predict HTTP/1.1", "Host: 127.0.0.1", "Content-Length: \(text.utf8.count)"]
                            + ["Content-Type: application/json"] + fields
                        try connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + text).utf8))
                        return String(decoding: try connection.response().body, as: UTF8.self)
                    },
                    counts
                )
            }
        }
    }

    private static let row = #"{"features":[1,0]}"#

    @Test func knownCallersStayInTheLane() async throws {
        try await serving { send, counts in
            for fields in [
                ["Authorization: Bearer known"], ["AUTHORIZATION:  Bearer known", "X-MLFLOW-Workspace: default"],
            ] {
                let answer = try send(Self.row, fields)
                #expect(answer.contains("cancer"))
            }
            #expect(counts.routed.load(ordering: .relaxed) == 0)
            #expect(counts.spent.load(ordering: .relaxed) == 2)
        }
    }

    @Test func othersAreTheRouters() async throws {
        try await serving { send, counts in
            let others = [
                [], ["Authorization: Bearer unknown"], ["Authorization: Bearer known", "Authorization: Bearer known"],
                ["Authorization: Bearer known", "X-Martlet-Workspace: a", "X-MLFLOW-WORKSPACE: b"],
                ["Authorization: Bearer known", "Cookie: martlet=1"],
                ["Authorization: Bearer known", "Origin: http://a"],
                ["Authorization: Bearer known", "X-Forwarded-For: 1.2.3.4"],
            ]
            for fields in others {
                let answer = try send(Self.row, fields)
                #expect(answer == "routed", "\(fields)")
            }
            #expect(counts.routed.load(ordering: .relaxed) == others.count)
            #expect(counts.spent.load(ordering: .relaxed) == 0)
        }
    }

    @Test func aWorkspacesModelsAreItsOwn() async throws {
        try await serving { send, counts in
            let fields = ["Authorization: Bearer known", "X-Martlet-Workspace: other"]
            let answer = try send(Self.row, fields)
            #expect(answer == "routed")
            #expect(counts.spent.load(ordering: .relaxed) == 0)
        }
    }

    @Test func whatTheLaneDeclinesIsNotCountedByIt() async throws {
        try await serving { send, counts in
            let answer = try send(#"{"features":"#, ["Authorization: Bearer known"])
            #expect(answer == "routed")
            #expect(counts.spent.load(ordering: .relaxed) == 0)
        }
    }

    @Test func whoAsksTooOftenIsTheRouters() async throws {
        try await serving(spends: false) { send, counts in
            let answer = try send(Self.row, ["Authorization: Bearer known"])
            #expect(answer == "routed")
            #expect(counts.spent.load(ordering: .relaxed) == 1)
        }
    }
}
