import Core
import Rollouts
import Serving
import Testing

@Suite("The manifest's deployments section")
struct DeploymentSpecTests {
    private let example = """
        {"cancer": {"model": "cancer", "alias": "production", "rollout": {"steps": [10, 50, 100], "bake": "4s",
          "minimum_samples": 40, "timeout": "60s", "on_inconclusive": "rollback", "checks": {
            "error_rate": {"max": 0.01}, "latency": {"quantile": 0.95, "max_ratio": 3, "min_increase": 0.005},
            "quality": {"max_drop": 0.05}, "disagreement": {"max": 0.5}, "drift": {"on_drift": "hold"}}}}}
        """

    @Test("The example reads as written, and its JSON reads back the same")
    func roundTrip() throws {
        let specs = try DeploymentSpec.parse(section: JSONValue.parse(example))
        let spec = try #require(specs.first)
        #expect(spec.rollout.steps == [10, 50, 100])
        #expect(spec.rollout.bake == .seconds(4))
        #expect(spec.rollout.timeout == .seconds(60))
        #expect(spec.rollout.onInconclusive == .rollback)
        #expect(spec.rollout.checks.latency?.minimumIncrease == 0.005)
        #expect(spec.rollout.checks.quality?.minimumLabels == 40)
        #expect(spec.rollout.checks.drift?.rollsBack == false)
        #expect(try DeploymentSpec.parse(section: .object(["cancer": spec.json])) == specs)
        let short = try DeploymentSpec.parse(section: ["a-1": ["model": "m"]])
        #expect(short.first?.alias == "production")
        #expect(short.first?.rollout == RolloutSpec())
        #expect(try DeploymentSpec.parse(section: .object(["a-1": short[0].json])) == short)
    }

    @Test(
        "What is wrong is named",
        arguments: [
            ("[]", "'deployments' must be an object"), (#"{"Cancer":{"model":"m"}}"#, "lower-case letters"),
            (#"{"-a":{"model":"m"}}"#, "lower-case letters"), (#"{"":{"model":"m"}}"#, "lower-case letters"),
            (#"{"a":{}}"#, "'deployments.a.model' is missing"), (#"{"a":7}"#, "'deployments.a' must be an object"),
            (#"{"a":{"model":"m","replica":2}}"#, "'deployments.a.replica' is not a known key"),
            (#"{"a":{"model":"m","replicas":2}}"#, "'deployments.a.replicas' must be an object"),
            (#"{"a":{"model":"m","replicas":{"min":2,"max":1}}}"#, "must not be below 'min'"),
            (#"{"a":{"model":"m","replicas":{"idle":"5m"}}}"#, "has no meaning unless 'min' is 0"),
            (#"{"a":{"model":"m","replicas":{"min":0,"idle":"0s"}}}"#, "must be from 1 ms"),
            (#"{"a":{"model":"","alias":"x"}}"#, "'deployments.a.model' must not be empty"),
            (#"{"a":{"model":"m","alias":""}}"#, "'deployments.a.alias' must not be empty"),
            (#"{"a":{"model":"m","alias":"x","version":2}}"#, "cannot stand beside 'alias'"),
            (#"{"a":{"model":"m","version":0}}"#, "'deployments.a.version'"),
            (#"{"a":{"model":"models:/m@x","alias":"y"}}"#, "leave 'alias' out"),
            (#"{"a":{"model":"models:/m/3","version":3}}"#, "leave 'version' out"),
            (#"{"a":{"model":"models:/m"}}"#, "models:/<name>@<alias> or models:/<name>/<version>"),
            (#"{"a":{"model":"models:/m/Production"}}"#, "models:/<name>@<alias>"),
            (#"{"a":{"model":"models:/m/0"}}"#, "models:/<name>@<alias>"),
            (#"{"a":{"model":"models:/m/+3"}}"#, "models:/<name>@<alias>"),
            (#"{"a":{"model":"models:/m/1/2"}}"#, "models:/<name>@<alias>"),
            (#"{"a":{"model":"models:/@x"}}"#, "models:/<name>@<alias>"),
            (#"{"a":{"model":"runs:/0123/model"}}"#, "but is 'runs:/0123/model'"),
            (#"{"a":{"model":"s3://bucket/model"}}"#, "but is 's3://bucket/model'"),
            (#"{"a":{"model":"m","monitors":["d","d"]}}"#, "names of monitors, each once"),
            (#"{"a":{"model":"m","monitors":[7]}}"#, "names of monitors, each once"),
            (#"{"a":{"model":"m","rollout":{"steps":[]}}}"#, "must end with 100"),
            (#"{"a":{"model":"m","rollout":{"steps":[10,50]}}}"#, "must end with 100"),
            (#"{"a":{"model":"m","rollout":{"steps":[50,10,100]}}}"#, "must be rising"),
            (#"{"a":{"model":"m","rollout":{"steps":[0,100]}}}"#, "must be rising"),
            (#"{"a":{"model":"m","rollout":{"steps":[10.5,100]}}}"#, "must be rising"),
            (#"{"a":{"model":"m","rollout":{"steps":[10,101]}}}"#, "must be rising"),
            (#"{"a":{"model":"m","rollout":{"bake":"soon"}}}"#, "'deployments.a.rollout.bake'"),
            (#"{"a":{"model":"m","rollout":{"bake":"2m","timeout":"1m"}}}"#, "must be longer than 'bake'"),
            (#"{"a":{"model":"m","rollout":{"minimum_samples":0}}}"#, "'deployments.a.rollout.minimum_samples'"),
            (#"{"a":{"model":"m","rollout":{"on_inconclusive":"ask"}}}"#, "'hold' or 'rollback'"),
            (#"{"a":{"model":"m","rollout":{"false_alarm_rate":0}}}"#, "false_alarm_rate"),
            (#"{"a":{"model":"m","rollout":{"checks":{"errors":{}}}}}"#, "'deployments.a.rollout.checks.errors'"),
            (#"{"a":{"model":"m","rollout":{"checks":{"error_rate":{"max":2}}}}}"#, "checks.error_rate.max"),
            (#"{"a":{"model":"m","rollout":{"checks":{"latency":{"quantile":1}}}}}"#, "checks.latency.quantile"),
            (#"{"a":{"model":"m","rollout":{"checks":{"latency":{"max_ratio":0.5}}}}}"#, "checks.latency.max_ratio"),
            (#"{"a":{"model":"m","rollout":{"checks":{"quality":{"max_drop":"x"}}}}}"#, "checks.quality.max_drop"),
            (#"{"a":{"model":"m","rollout":{"checks":{"disagreement":{"max":-1}}}}}"#, "checks.disagreement.max"),
            (#"{"a":{"model":"m","rollout":{"checks":{"drift":{"on_drift":"panic"}}}}}"#, "'hold' or 'rollback'"),
        ]
    )
    func refusals(section: String, reason: String) throws {
        let error = #expect(throws: MartletError.self) {
            try DeploymentSpec.parse(section: JSONValue.parse(section))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test(
        "A model is named plainly, by alias, by version, or as MLflow does",
        arguments: [
            (#"{"model":"m"}"#, ModelReference(model: "m", selector: .alias("production")), "models:/m@production"),
            (#"{"model":"m","alias":"x"}"#, ModelReference(model: "m", selector: .alias("x")), "models:/m@x"),
            (#"{"model":"m","version":3}"#, ModelReference(model: "m", selector: .version(3)), "models:/m/3"),
            (#"{"model":"models:/m@x"}"#, ModelReference(model: "m", selector: .alias("x")), "models:/m@x"),
            (#"{"model":"models:/m/3"}"#, ModelReference(model: "m", selector: .version(3)), "models:/m/3"),
            (
                #"{"model":"models:/m/latest"}"#, ModelReference(model: "m", selector: .alias("latest")),
                "models:/m/latest"
            ),
        ]
    )
    func references(entry: String, reference: ModelReference, uri: String) throws {
        let spec = try DeploymentSpec(name: "a", fields: JSONFields(try JSONValue.parse(entry), path: "a"))
        #expect(spec.reference == reference)
        #expect(spec.reference.uri == uri)
        #expect(ModelReference(uri: uri) == reference)
        #expect(try DeploymentSpec(name: "a", fields: JSONFields(spec.json, path: "a")) == spec)
    }

    @Test("Replicas fill in what the serving settings leave open; a minimum of 0 lets the models leave memory")
    func replicas() throws {
        func execution(_ entry: String) throws -> ServingSettings {
            let spec = try DeploymentSpec(name: "a", fields: JSONFields(try JSONValue.parse(entry), path: "a"))
            #expect(try DeploymentSpec(name: "a", fields: JSONFields(spec.json, path: "a")) == spec)
            return spec.execution
        }
        #expect(try execution(#"{"model":"m"}"#) == ServingSettings())
        let rare = try execution(#"{"model":"m","replicas":{"min":0,"max":3}}"#)
        #expect(rare.idle == ServingLimits.standardIdleTime)
        #expect(rare.python.workers == 3)
        #expect(rare.executor.concurrency == 3)
        let said = try execution(
            #"{"model":"m","replicas":{"min":0,"max":3,"idle":"9s"},"serving":{"idle":"7s","concurrency":2}}"#
        )
        #expect(said.idle == .seconds(7))
        #expect(said.executor.concurrency == 2)
        #expect(try execution(#"{"model":"m","replicas":{"min":2}}"#).python.workers == 2)
        #expect(try execution(#"{"model":"m","replicas":{"min":0,"idle":"9s"}}"#).idle == .seconds(9))
        let most = ServingLimits.maximumReplicas
        #expect(try execution(#"{"model":"m","replicas":{"max":\#(most)}}"#).python.workers == most)
        #expect(throws: MartletError.self) { try execution(#"{"model":"m","replicas":{"max":\#(most + 1)}}"#) }
    }

    @Test("Monitors are named up to the limit")
    func monitors() throws {
        func spec(_ count: Int) throws -> DeploymentSpec {
            let names = JSONValue.array((0..<count).map { .string("m\($0)") })
            return try DeploymentSpec(
                name: "a",
                fields: JSONFields(.object(["model": "m", "monitors": names]), path: "a")
            )
        }
        let most = ServingLimits.monitorsPerDeployment
        #expect(try spec(most).monitors.count == most)
        #expect(throws: MartletError.self) { try spec(most + 1) }
    }

    @Test("Limits of names, steps and deployments hold at and past their maximum")
    func limits() throws {
        let longest = String(repeating: "a", count: ServingLimits.nameBytes)
        #expect(try DeploymentSpec.parse(section: .object([longest: ["model": "m"]])).count == 1)
        #expect(throws: MartletError.self) {
            try DeploymentSpec.parse(section: .object([longest + "a": ["model": "m"]]))
        }
        func steps(_ count: Int) -> JSONValue {
            let rising = (1..<count).map { JSONValue.int($0) } + [100]
            return .object(["a": ["model": "m", "rollout": ["steps": .array(rising)]]])
        }
        #expect(try DeploymentSpec.parse(section: steps(RolloutsLimits.steps)).count == 1)
        #expect(throws: MartletError.self) {
            try DeploymentSpec.parse(section: steps(RolloutsLimits.steps + 1))
        }
        func many(_ count: Int) -> JSONValue { .object(JSONObject((0..<count).map { ("d\($0)", ["model": "m"]) })) }
        #expect(try DeploymentSpec.parse(section: many(ServingLimits.deployments)).count == ServingLimits.deployments)
        #expect(throws: MartletError.self) {
            try DeploymentSpec.parse(section: many(ServingLimits.deployments + 1))
        }
    }
}
