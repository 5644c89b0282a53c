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
            (#"{"a":{"model":"m","replicas":2}}"#, "'deployments.a.replicas' is not a known key"),
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
