import Argo
import Core
import Hummingbird
import HummingbirdTesting
import Pipelines
import Synchronization
import TestSupport
import Testing

/// The executor over the wire, against a stand-in for the API server.
struct ArgoDelegateTests {
    private static let id = "0123456789abcdef0123456789abcdef"

    /// What was reported, in order.
    private final class Reports: Sendable {
        private let all = Mutex<[TaskReport]>([])
        func take(_ report: TaskReport) { all.withLock { $0.append(report) } }
        var lines: [String] { all.withLock { $0.map { "\($0.task) \($0.state.rawValue)" } } }
        func last(_ task: String) -> TaskReport? { all.withLock { $0.last { $0.task == task } } }
    }

    private func run(
        _ spec: PipelineSpec,
        known: [String: TaskState] = [:],
        cancelled: AsyncStream<Void>? = nil
    ) -> ClusterRun {
        ClusterRun(
            id: Self.id,
            spec: spec,
            parameters: ["n": 1],
            time: Timestamp(milliseconds: 1_767_225_600_000),
            known: known,
            cancelled: cancelled ?? AsyncStream<Void>.makeStream().stream
        )
    }

    private static func spec() throws -> PipelineSpec {
        try Samples.spec([
            "parameters": ["n": 1],
            "tasks": [
                "a_1": ["run": ["x"], "retries": 1],
                "many": ["run": ["y", "${item}"], "needs": ["a_1"], "foreach": [1, 2]],
                "last": ["run": ["z"], "needs": ["many"], "when": "${parameters.n} > 5"],
            ],
        ])
    }

    private static func node(
        _ shown: String,
        _ kind: String,
        _ phase: String,
        outputs: String? = nil,
        children: [String] = [],
        message: String? = nil
    ) -> JSONValue {
        var node: JSONObject = [
            "displayName": .string(shown), "type": .string(kind), "phase": .string(phase),
            "templateName": .string(shown),
        ]
        if let outputs {
            node["outputs"] = ["parameters": [["name": "outputs", "value": .string(outputs)]]]
        }
        if !children.isEmpty { node["children"] = .array(children.map { .string($0) }) }
        if let message { node["message"] = .string(message) }
        return .object(node)
    }

    /// From the first pod to the end: a try that fails, a second that does not, a fan-out of two, a task that is skipped.
    private static let script: [JSONValue] = [
        ["phase": "Running", "nodes": ["w-0": node("w", "DAG", "Running"), "w-1": node("a-1", "Retry", "Running")]],
        [
            "phase": "Running",
            "nodes": [
                "w-1": node("a-1", "Retry", "Succeeded", outputs: "{\"rows\":7}", children: ["w-3", "w-2"]),
                "w-2": node("a-1(0)", "Pod", "Failed", message: "exit 1"),
                "w-3": node("a-1(1)", "Pod", "Succeeded", outputs: "{\"rows\":7}"),
                "w-4": node("many", "TaskGroup", "Running", children: ["w-5", "w-6"]),
                "w-5": node("many(0:1)", "Pod", "Running"), "w-6": node("many(1:2)", "Pod", "Pending"),
            ],
        ],
        [
            "phase": "Succeeded",
            "nodes": [
                "w-1": node("a-1", "Retry", "Succeeded", outputs: "{\"rows\":7}", children: ["w-2", "w-3"]),
                "w-2": node("a-1(0)", "Pod", "Failed"), "w-3": node("a-1(1)", "Pod", "Succeeded"),
                "w-4": node("many", "TaskGroup", "Succeeded", children: ["w-6", "w-5"]),
                "w-5": node("many(0:1)", "Pod", "Succeeded", outputs: "{\"k\":1}"),
                "w-6": node("many(1:2)", "Pod", "Succeeded", outputs: "{\"k\":2}"),
                "w-7": node("last", "Skipped", "Skipped", message: "when 'false' evaluated false"),
            ],
        ],
    ]
    private static let logs = ["w-2": "first\n", "w-3": "second\nthird\n", "w-5": "one\n"]

    private func withCluster(
        _ cluster: StandInCluster,
        _ body: @escaping @Sendable (ArgoDelegate) async throws -> Void
    ) async throws {
        let application = Application(
            router: cluster.router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0))
        )
        try await application.test(.live) { client in
            let port = try #require(client.port)
            let access = KubernetesAccess(
                server: "http://127.0.0.1:\(port)",
                identity: .token("secret"),
                namespace: "ml"
            )
            try await body(try ArgoDelegate(access: access, options: ArgoOptions()))
        }
    }

    private static let expected = [
        "a_1 running", "a_1 succeeded", "many running", "many.0 running", "many.1 pending", "last skipped",
        "many succeeded", "many.0 succeeded", "many.1 succeeded",
    ]

    private func check(_ reports: Reports) {
        #expect(reports.lines == Self.expected)
        #expect(reports.last("a_1")?.outputs == ["rows": 7])
        #expect(reports.last("a_1")?.lines == ["first", "second", "third"], "the logs of both tries in their order")
        #expect(reports.last("many")?.outputs == ["k": [1, 2]])
        #expect(reports.last("many.1")?.lines == ["The pod of this task is gone, and its log with it."])
    }

    @Test("A run is submitted, followed to its end, with outputs and logs")
    func follows() async throws {
        let cluster = StandInCluster(script: Self.script, logs: Self.logs)
        let reports = Reports()
        try await withCluster(cluster) { try await $0.follow(run(try Self.spec())) { reports.take($0) } }
        check(reports)
        #expect(cluster.requests.prefix(3) == ["POST workflows", "GET workflow", "WATCH"])
        #expect(cluster.bodies.first?["metadata"]?["name"] == "nightly-0123456789abcdef0123456789abcdef")
        #expect(cluster.bodies.first?["metadata"]?["labels"]?["martlet.dev/run"] == .string(Self.id))
    }

    @Test("Faults on the way change nothing of what is reported")
    func faults() async throws {
        let cluster = StandInCluster(script: Self.script, logs: Self.logs)
        // The workflow was made though the answer said otherwise; asking again is told that it is there.
        cluster.fail("POST workflows", .status(429), .status(500), .status(504))
        cluster.fail("GET workflow", .status(500))
        cluster.fail("WATCH", .drop(after: 1), .gone, .status(410), .status(429), .status(503))
        cluster.fail("GET pods", .status(500))
        cluster.fail("GET log", .status(502))
        let reports = Reports()
        try await withCluster(cluster) { try await $0.follow(run(try Self.spec())) { reports.take($0) } }
        check(reports)
        #expect(cluster.requests.filter { $0 == "POST workflows" }.count == 4)
        #expect(cluster.requests.filter { $0 == "WATCH" }.count == 6)
    }

    @Test("A server that comes back goes on where it was, and starts nothing twice")
    func reattaches() async throws {
        let cluster = StandInCluster(script: Self.script, logs: Self.logs)
        let reports = Reports()
        try await withCluster(cluster) { delegate in
            // The first server dies after the workflow was submitted and a task had ended.
            await #expect(throws: CancellationError.self) {
                try await delegate.follow(run(try Self.spec())) { report in
                    reports.take(report)
                    if report.task == "a_1", report.state == .succeeded { throw CancellationError() }
                }
            }
            cluster.play(5)
            try await delegate.follow(run(try Self.spec(), known: ["a_1": .succeeded])) { reports.take($0) }
        }
        #expect(cluster.requests.filter { $0 == "POST workflows" }.count == 1)
        #expect(reports.lines.filter { $0 == "a_1 succeeded" }.count == 1)
        #expect(reports.last("many")?.outputs == ["k": [1, 2]])
    }

    @Test("A cancelled run is terminated in the cluster and followed to its end")
    func cancels() async throws {
        let ended: JSONValue = [
            "phase": "Failed", "message": "Stopped with strategy 'Terminate'",
            "nodes": [
                "w-1": Self.node("a-1", "Retry", "Failed", message: "workflow shutdown with strategy: Terminate")
            ],
        ]
        let cluster = StandInCluster(script: [Self.script[0]], terminated: ended)
        let reports = Reports()
        let (cancelled, cancel) = AsyncStream<Void>.makeStream()
        try await withCluster(cluster) { delegate in
            try await delegate.follow(run(try Self.spec(), cancelled: cancelled)) { report in
                reports.take(report)
                if report.state == .running { cancel.yield() }
            }
        }
        #expect(reports.lines == ["a_1 running", "a_1 cancelled"])
        #expect(cluster.bodies.last == ["spec": ["shutdown": "Terminate"]])
    }

    private static let refusals:
        [(script: [JSONValue], fault: (String, Int)?, place: JSONValue?, tasks: Bool, words: String)] = [
            ([], ("POST workflows", 403), nil, false, "refuses"),
            ([], ("POST workflows", 422), nil, false, "422"),
            ([["phase": "Error", "message": "invalid spec: no"]], nil, nil, false, "invalid spec"),
            ([["phase": "Running", "compressedNodes": "H4sI"]], nil, nil, false, "compresses"),
            ([], nil, ["metadata": ["labels": ["martlet.dev/run": "another"]]], false, "is not this run's"),
            ([], nil, nil, true, "was deleted"),
        ]

    @Test("What cannot go on is said", arguments: refusals.indices)
    func refused(_ index: Int) async throws {
        let refusal = Self.refusals[index]
        let cluster = StandInCluster(script: refusal.script)
        if let (kind, status) = refusal.fault { cluster.fail(kind, .status(status)) }
        if let place = refusal.place { cluster.place(place) }
        try await withCluster(cluster) { delegate in
            do {
                try await delegate.follow(run(try Self.spec(), known: refusal.tasks ? ["a_1": .running] : [:])) { _ in }
                Issue.record("It went on.")
            } catch let error as MartletError {
                #expect(error.message.contains(refusal.words), "\(error.message)")
            }
        }
    }
}
