import Argo
import Core
import Pipelines
import Testing

/// Whole objects against golden files.
struct ArgoRendererTests {
    private func options(_ kind: ArgoOptions.Kind) -> ArgoOptions {
        var options = ArgoOptions()
        options.kind = kind
        options.image = "registry.example/martlet:1"
        return options
    }

    private func text(_ rendering: ArgoRendering) -> String {
        rendering.yaml + rendering.warnings.map { "# \($0)\n" }.joined()
    }

    private func withoutTemplates(_ value: JSONValue) -> JSONValue {
        guard var object = value.objectValue else { return value }
        for (key, member) in object.pairs {
            object[key] =
                key == "templates" ? .string("\(member.arrayValue?.count ?? 0) templates") : withoutTemplates(member)
        }
        return .object(object)
    }

    @Test("A workflow with one of everything", arguments: ArgoOptions.Kind.allCases)
    func everything(_ kind: ArgoOptions.Kind) throws {
        let spec = try Samples.spec(Samples.everything)
        let rendering = try ArgoRenderer.render(spec, options(kind))
        // The templates are the same for all kinds; the workflow's file shows them.
        let shown = kind == .workflow ? rendering.objects : rendering.objects.map(withoutTemplates)
        let text = shown.map { "---\n" + YAMLText.write($0) }.joined() + rendering.warnings.map { "# \($0)\n" }.joined()
        try expectGolden(text, "everything-\(kind.rawValue).yaml")
        #expect(try ArgoRenderer.render(spec, options(kind)) == rendering, "the same pipeline gives the same text")
    }

    @Test("A run that is handed over, with artifacts in a bucket of one's own")
    func run() throws {
        var options = options(.workflow)
        options.namespace = "ml"
        options.serviceAccount = "martlet"
        options.tokenSecret = "martlet-token"
        options.directory = "/pipelines"
        var storage = ArgoOptions.Storage(bucket: "models")
        storage.endpoint = "minio:9000"
        storage.region = "eu-1"
        storage.secret = "minio"
        storage.isInsecure = true
        options.storage = storage
        options.run = ArgoOptions.Run(
            id: "0123456789abcdef0123456789abcdef",
            parameters: ["n": 5],
            time: Timestamp(milliseconds: 1_767_225_600_000)
        )
        let spec = try Samples.spec([
            "parameters": ["n": 1],
            "concurrency": 2,
            "tasks": [
                "a": ["run": ["make", "${pipeline.directory}/x", "${run.time}"], "outputs": ["model": "out/model"]],
                "b": ["step": "data.ingest", "with": ["dataset": "d${parameters.n}"], "needs": ["a"]],
            ],
        ])
        try expectGolden(text(try ArgoRenderer.render(spec, options)), "run.yaml")
    }

    @Test("What cannot be said is refused by name")
    func refusals() throws {
        let cases: [(JSONValue, String)] = [
            (["run": ["x", "{{item}}"]], "tasks.t.run[1]"),
            (["script": "echo {{x}}"], "tasks.t.script"),
            (["run": ["x", "${pipeline.directory}"]], "--directory"),
            (["run": ["x", "${index}"], "foreach": [1, 2]], "does not number"),
            (["run": ["x", "${item}"], "foreach": [1, "${parameters.n}"]], "foreach"),
            (
                ["run": ["x", "${matrix.a}"], "matrix": ["a": "${parameters.list}", "b": [1]]],
                "matrix.a"
            ),
            (["run": ["x"], "when": "${parameters.s} == 'what?'"], "tasks.t.when"),
            (["run": ["x"], "on_failure": ["run": ["y", "${failure.error}"]]], "on_failure.run[1]"),
        ]
        for (task, words) in cases {
            let spec = try Samples.spec(["parameters": ["n": 1, "list": [1], "s": "a"], "tasks": ["t": task]])
            do {
                let rendering = try ArgoRenderer.render(spec, options(.workflow))
                Issue.record("\(task) was rendered: \(rendering.yaml)")
            } catch {
                #expect(error.code == .unimplemented && error.message.contains(words), "\(error.message)")
            }
        }
    }

    @Test("Artifacts of a fan-out have no name there")
    func fannedArtifacts() throws {
        let spec = try Samples.spec([
            "tasks": [
                "many": ["run": ["x"], "foreach": [1, 2], "outputs": ["m": "out"]],
                "one": ["run": ["y"], "needs": ["many"], "inputs": ["m": "many.m"]],
            ]
        ])
        #expect(throws: MartletError.self) { try ArgoRenderer.render(spec, options(.workflow)) }
    }

    @Test("Times that cron cannot say are refused, others are said")
    func times() throws {
        func schedules(_ trigger: JSONValue) throws -> JSONValue? {
            let spec = try Samples.spec([
                "triggers": ["t": trigger], "tasks": ["a": ["run": ["true"]]],
            ])
            return try ArgoRenderer.render(spec, options(.cron)).objects.last?["spec"]?["schedules"]
        }
        let written: [(JSONValue, String)] = [
            (["interval": ["every": "5m"]], "*/5 * * * *"), (["interval": ["every": "6h"]], "0 */6 * * *"),
            (["interval": ["every": "1d"]], "0 0 * * *"),
            (["interval": ["every": "15m", "anchor": "2026-01-01T00:07:00Z"]], "7-59/15 * * * *"),
            (["cron": ["expression": "@daily"]], "@daily"),
            (["cron": ["expression": "0 5 * * MON-FRI"]], "0 5 * * MON-FRI"),
        ]
        for (trigger, line) in written { #expect(try schedules(trigger) == [.string(line)]) }
        let refused: [JSONValue] = [
            ["interval": ["every": "7m"]], ["interval": ["every": "90s"]], ["interval": ["every": "25h"]],
            ["cron": ["expression": "0 5 L * *"]], ["cron": ["expression": "0 5 * * 5#2"]],
            ["cron": ["expression": "0 5 15W * *"]], ["cron": ["expression": "0 5 * * 7"]],
        ]
        for trigger in refused {
            #expect(throws: MartletError.self, "\(trigger)") { try schedules(trigger) }
        }
        #expect(throws: MartletError.self) { try schedules(["webhook": ["secret": "x"]]) }
    }

    @Test("Names that Kubernetes and Argo do not take are made so, and stay different")
    func names() throws {
        let spec = try Samples.spec(
            [
                "tasks": [
                    "a_b": ["run": ["x"]], "a-b": ["run": ["x"]], "_x": ["run": ["x"]], "pipeline": ["run": ["x"]],
                ]
            ],
            name: "My_Pipeline_"
        )
        let names = ArgoNames(spec)
        #expect(["a_b", "a-b", "_x", "pipeline"].map(names.name(of:)) == ["a-b", "a-b-2", "t-x", "pipeline-2"])
        #expect(names.task(named: "a-b-2") == "a-b" && names.task(named: "nobody") == nil)
        let object = try ArgoRenderer.render(spec, options(.template)).objects[0]
        #expect(object["metadata"]?["name"] == "my-pipeline")
        let long = ArgoNames.workflow(String(repeating: "x", count: 200), run: Identifier.random())
        #expect(long.count <= 63)
    }

    @Test("A pipeline that no API server stores is refused")
    func size() throws {
        var tasks = JSONObject()
        for number in 0..<1200 {
            tasks["t\(number)"] = ["run": ["x", .string(String(repeating: "y", count: 500))]]
        }
        let spec = try Samples.spec(["tasks": .object(tasks)])
        do {
            _ = try ArgoRenderer.render(spec, options(.workflow))
            Issue.record("It was rendered.")
        } catch {
            #expect(error.code == .payloadTooLarge && error.message.contains("\(ArgoLimits.objectBytes)"))
        }
    }
}
