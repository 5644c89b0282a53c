import Core
import Testing

@Suite struct ManifestDiffTests {
    private static let manifest = """
        version: 1
        data:
          rows:
            source: {file: rows.csv}
            target: {column: y, classes: [no, yes]}
        pipelines:
          train:
            tasks:
              ingest: {step: data.ingest, with: {dataset: rows}}
        deployments:
          cancer:
            model: cancer
            rollout: {steps: [10, 50, 100], bake: 1m}
        monitors:
          drift: {deployment: cancer, window: 100}
        triggers:
          retrain:
            when: {monitor: drift}
            pipeline: train
            model: cancer
            alias: production
            gate: {metric: accuracy}
        """

    private static func with(_ body: @escaping @Sendable (RunningServer.Client) async throws -> Void) async throws {
        try await RunningServer.with(files: ["rows.csv": "x,y\n1,0\n2,1\n"], body)
    }

    private static func edited(_ old: String, _ new: String) -> String {
        let parts = manifest.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        return parts.joined(separator: new)
    }

    @Test("A first diff lists everything as new, applies nothing, and apply says the same")
    func first() async throws {
        try await Self.with { client in
            let diff = try await client.diff(Self.manifest)
            #expect(diff.status == 200)
            #expect(diff.json?["differs"] == true)
            let changes = try #require(diff.json?["changes"]?.arrayValue)
            #expect(changes.map { $0["section"] } == ["data", "pipelines", "deployments", "monitors", "triggers"])
            #expect(changes.allSatisfy { $0["change"] == "created" })
            // Of a new object only what the file says is shown, not every default.
            let paths = changes[2]["fields"]?.arrayValue?.map { $0["path"] }
            #expect(paths == ["model", "rollout"])
            #expect(changes[2]["notes"] == ["cancer waits: the model 'cancer' has no alias 'production' yet."])
            let pipelines = try await client.send("GET", "/api/martlet/v1/pipelines")
            #expect(pipelines.json?["items"] == [])
            let applied = try await client.apply(Self.manifest)
            #expect(applied.json == diff.json)
            let again = try await client.diff(Self.manifest)
            #expect(again.json?["differs"] == false)
            #expect(again.json?["changes"]?.arrayValue?.allSatisfy { $0["fields"] == [] } == true)
        }
    }

    @Test(
        "Only what changes the meaning is a change",
        arguments: [
            ("bake: 1m", "bake: 60s", []),
            ("bake: 1m", "bake: 60", []),
            ("bake: 1m", "bake: 60s, timeout: 1h, on_inconclusive: hold", []),
            ("model: cancer\n    rollout", "model: cancer\n    alias: production\n    rollout", []),
            ("window: 100", "window: 100, minimum: 60, hysteresis: 2", []),
            ("gate: {metric: accuracy}", "gate: {metric: accuracy}\n    cooldown: 1h\n    timeout: 1d", []),
            ("gate: {metric: accuracy}", "gate: {metric: accuracy}\n    cooldown: 2h", ["cooldown"]),
            ("with: {dataset: rows}", "with: {dataset: rows}, retries: 0", []),
            ("source: {file: rows.csv}", "source: {file: rows.csv, header: true, skip_lines: 0}", []),
            ("bake: 1m", "bake: 4s", ["rollout.bake"]),
            ("window: 100", "window: 150", ["window", "stride"]),
            ("with: {dataset: rows}", "with: {dataset: rows}, retries: 2, timeout: 1d", ["tasks.ingest.retries"]),
            (
                "source: {file: rows.csv}", "source: {file: rows.csv, header: true, block_rows: 7}",
                ["source.block_rows"]
            ),
        ] as [(String, String, [String])]
    )
    func meaning(old: String, new: String, paths: [String]) async throws {
        try await Self.with { client in
            let status1 = try await client.apply(Self.manifest).status
            #expect(status1 == 200)
            let diff = try await client.diff(Self.edited(old, new))
            #expect(diff.status == 200, "said: \(diff.body)")
            let changes = (diff.json?["changes"]?.arrayValue ?? []).filter { $0["change"] != "unchanged" }
            let fields = changes.flatMap { $0["fields"]?.arrayValue ?? [] }
            #expect(fields.map { $0["path"]?.stringValue } == paths, "said: \(diff.body)")
            #expect(diff.json?["differs"] == .bool(!paths.isEmpty))
        }
    }

    @Test("What the file no longer names stays, and is said")
    func undeclared() async throws {
        try await Self.with { client in
            let status2 = try await client.apply(Self.manifest).status
            #expect(status2 == 200)
            let diff = try await client.diff("version: 1\nmonitors:\n  drift: {deployment: cancer, window: 100}\n")
            #expect(diff.json?["differs"] == false)
            let left = diff.json?["undeclared"]?.arrayValue?.map { $0["section"] }
            #expect(left == ["data", "pipelines", "deployments", "triggers"])
        }
    }

    @Test("Rows that a changed source drops are said before it happens")
    func droppedRows() async throws {
        try await Self.with { client in
            let status3 = try await client.apply(Self.manifest).status
            #expect(status3 == 200)
            let diff = try await client.diff(Self.edited("classes: [no, yes]", "classes: [yes, no]"))
            let change = diff.json?["changes"]?.arrayValue?.first
            #expect(change?["notes"]?.arrayValue?.first?.stringValue?.contains("dropped") == true)
        }
    }

    @Test("A refused manifest changes nothing, whichever section is wrong")
    func allOrNothing() async throws {
        try await Self.with { client in
            let status4 = try await client.apply(Self.manifest).status
            #expect(status4 == 200)
            let other = Self.edited("model: cancer\n    rollout", "model: other\n    rollout")
                .replacing("window: 100", with: "window: 150")
            let answer = try await client.apply(other)
            #expect(answer.status == 409)
            #expect(answer.body.contains("martlet.yaml:12: 'deployments.cancer.model'"), "said: \(answer.body)")
            let monitors = try await client.diff(Self.manifest)
            #expect(monitors.json?["differs"] == false)
        }
    }
}

extension RunningServer.Client {
    func diff(_ yaml: String, name: String? = nil) async throws -> RunningServer.Answer {
        var body: JSONObject = ["manifest": .string(yaml)]
        body["name"] = name.map(JSONValue.string)
        return try await send("POST", "/api/martlet/v1/diff", JSONValue.object(body).description)
    }
}
