import Core
import Runtimes
import Serving
import Testing

@Suite("The manifest's serving object")
struct ServingSettingsTests {
    private let example = """
        {"a": {"model": "m", "serving": {"batch": {"max_rows": 64, "max_delay": "5ms"}, "concurrency": 3, "queue": 10,
          "timeout": "2s", "idle": "10m", "threads": 2,
          "python": {"interpreter": "/usr/bin/python3", "workers": 4, "memory": "512MiB", "timeout": "30s"}}}}
        """

    @Test("The example reads as written, reaches the runtimes, and its JSON reads back the same")
    func roundTrip() throws {
        let specs = try DeploymentSpec.parse(section: JSONValue.parse(example))
        let serving = try #require(specs.first?.serving)
        #expect(serving.executor.maximumRows == 64)
        #expect(serving.executor.maximumDelay == .milliseconds(5))
        #expect(serving.executor.concurrency == 3)
        #expect(serving.executor.queue == 10)
        #expect(serving.executor.timeout == .seconds(2))
        #expect(serving.idle == .seconds(600))
        let runtime = serving.runtime()
        #expect(runtime.threads == 2)
        #expect(runtime.python.interpreter == "/usr/bin/python3")
        #expect(runtime.python.workers == 4)
        #expect(runtime.python.memoryBytes == 512 << 20)
        #expect(runtime.python.timeout == .seconds(30))
        #expect(try DeploymentSpec.parse(section: .object(["a": specs[0].json])) == specs)
    }

    @Test("What is not said is left to the defaults and not written down")
    func defaults() throws {
        let spec = try #require(try DeploymentSpec.parse(section: ["a": ["model": "m", "serving": [:]]]).first)
        #expect(spec.serving == ServingSettings())
        #expect(spec.json["serving"] == nil)
        var base = RuntimeSettings()
        base.python.environments = "/somewhere"
        #expect(spec.serving.runtime(base) == base)
        let batching = ExecutorSettings().batching(.process, workers: 3, processors: 8)
        #expect(batching == BatchSettings(concurrency: 3, queue: 256, maximumRows: 256, maximumDelay: 2_000_000))
        #expect(ExecutorSettings().batching(.library, workers: 3, processors: 8).concurrency == 8)
    }

    @Test(
        "What is wrong is named",
        arguments: [
            (#"{"batching":{}}"#, "'deployments.a.serving.batching' is not a known key"),
            (#"{"batch":{"rows":1}}"#, "'deployments.a.serving.batch.rows' is not a known key"),
            (#"{"batch":{"max_rows":0}}"#, "'deployments.a.serving.batch.max_rows'"),
            (#"{"batch":{"max_rows":100001}}"#, "'deployments.a.serving.batch.max_rows'"),
            (#"{"batch":{"max_delay":"11s"}}"#, "'deployments.a.serving.batch.max_delay'"),
            (#"{"batch":{"max_delay":"soon"}}"#, "'deployments.a.serving.batch.max_delay'"),
            (#"{"concurrency":0}"#, "'deployments.a.serving.concurrency'"),
            (#"{"concurrency":257}"#, "'deployments.a.serving.concurrency'"),
            (#"{"queue":-1}"#, "'deployments.a.serving.queue'"),
            (#"{"queue":10001}"#, "'deployments.a.serving.queue'"),
            (#"{"timeout":0}"#, "'deployments.a.serving.timeout'"),
            (#"{"timeout":"2h"}"#, "'deployments.a.serving.timeout'"),
            (#"{"idle":0}"#, "'deployments.a.serving.idle'"), (#"{"idle":"31d"}"#, "'deployments.a.serving.idle'"),
            (#"{"threads":257}"#, "'deployments.a.serving.threads'"),
            (#"{"python":{"interpreter":""}}"#, "'deployments.a.serving.python.interpreter'"),
            (#"{"python":{"workers":65}}"#, "'deployments.a.serving.python.workers'"),
            (#"{"python":{"memory":"lots"}}"#, "'deployments.a.serving.python.memory'"),
            (#"{"python":{"memory":-1}}"#, "'deployments.a.serving.python.memory'"),
            (#"{"python":{"path":"x"}}"#, "'deployments.a.serving.python.path' is not a known key"),
            ("7", "'deployments.a.serving' must be an object"),
        ]
    )
    func refusals(serving: String, reason: String) throws {
        let section = try JSONValue.parse(#"{"a":{"model":"m","serving":\#(serving)}}"#)
        let error = #expect(throws: MartletError.self) { try DeploymentSpec.parse(section: section) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("Limits are allowed, and a manifest cannot deploy on demand")
    func limits() throws {
        let serving = """
            {"batch":{"max_rows":100000,"max_delay":"10s"},"concurrency":256,"queue":10000,"timeout":"1h","idle":"30d",
             "threads":256,"python":{"workers":64,"memory":1}}
            """
        let section = try JSONValue.parse(#"{"a":{"model":"m","serving":\#(serving)}}"#)
        #expect(try DeploymentSpec.parse(section: section).first?.serving.python.memory == 1)
        let onDemand: JSONValue = ["a": ["model": "m", "on_demand": true]]
        #expect(throws: MartletError.self) { try DeploymentSpec.parse(section: onDemand) }
    }
}
