import Core
import Rollouts
import Testing

@Suite("The manifest's rollout section")
struct RolloutSpecTests {
    private func read(_ text: String) throws -> RolloutSpec {
        try RolloutSpec(fields: JSONFields(JSONValue.parse(text), path: "rollout"))
    }

    private let everything = """
        {"strategy": "shadow", "bake": "2m", "minimum_samples": 200, "timeout": "1h", "confirm": true,
         "steps": [{"percent": 0, "shadow_percent": 50, "bake": "10m", "confirm": true}, 10,
                   {"percent": 50, "minimum_samples": 500, "timeout": "2h", "on_inconclusive": "rollback",
                    "on_fail": "hold", "checks": {"error_rate": {"max": 0.005}}}, 100],
         "on_inconclusive": "promote", "on_fail": "rollback", "false_alarm_rate": 0.01, "false_promotion_rate": 0.02,
         "rollback_window": "15m", "compatible": true,
         "gates": {"confirm": true, "replay": {"since": "2h", "minimum_rows": 50, "minimum_agreement": 0.9,
                   "max_drop": 0.02, "max_latency_ratio": 3}},
         "checks": {"error_rate": {"max": 0.02}, "missing_outputs": {}, "latency": {"quantile": 0.9, "max_ratio": 2},
           "quality": {"metric": "absolute_error", "max_increase": 0.1, "required": false},
           "disagreement": {"max": 0.3, "wait_for_labels": "10s"}, "prediction": {"max_shift": 0.2},
           "drift": {"on_drift": "rollback"}, "estimate": {"max_drop": 0.03, "on_drop": "rollback"},
           "prometheus": [{"name": "cpu", "server": "http://p:9090", "query": "up", "max": 0.9, "fail_above": 0.95,
             "interval": "30s", "count": 3, "failure_limit": 1, "inconclusive_limit": 2, "consecutive_error_limit": 0,
             "headers": {"Authorization": "prom-token"}}],
           "webhook": [{"name": "ask", "url": "https://h/ok", "secret": "hook", "initial_delay": "1s"}]}}
        """

    @Test("Everything reads as written, and its JSON reads back the same")
    func roundTrip() throws {
        let spec = try read(everything)
        #expect(spec.strategy == .shadow)
        #expect(spec.steps.map(\.percent) == [0, 10, 50, 100])
        #expect(spec.steps.map(\.needsConfirmation) == [true, false, false, true])
        #expect(spec.stages.count == 5)
        #expect(spec.stage(0).needsConfirmation)
        #expect(spec.stage(0).checks.replay?.minimumRows == 50)
        #expect(spec.stage(1).shadowPercent == 50)
        #expect(spec.stage(2).shadowPercent == 100)
        #expect(spec.stage(3).checks.errorRate?.maximum == 0.005)
        #expect(spec.stage(3).onInconclusive == .rollback)
        #expect(spec.stage(3).onFailure == .hold)
        #expect(spec.stage(3).shadowPercent == 0)
        #expect(spec.stage(5).isWatch)
        #expect(spec.watchStage == 5)
        #expect(spec.checks.quality?.minimumLabels == 200)
        #expect(spec.checks.external.map(\.name) == ["prometheus/cpu", "webhook/ask"])
        #expect(spec.checks.prometheus.first?.headers == [ExternalHeader(name: "Authorization", secret: "prom-token")])
        #expect(try read(spec.json.description) == spec)
    }

    @Test("Every strategy has its own steps and window, and reads back the same", arguments: RolloutStrategy.allCases)
    func strategies(strategy: RolloutStrategy) throws {
        let comparison = strategy == .comparison ? #", "ab": {"metric": "label", "minimum_effect": 0.01}"# : ""
        let spec = try read(#"{"strategy": "\#(strategy.rawValue)"\#(comparison)}"#)
        #expect(spec.steps == strategy.standardSteps)
        #expect(spec.rollbackWindow == strategy.standardWindow)
        #expect(try read(spec.json.description) == spec)
    }

    @Test("What earlier versions stored is read as it was meant")
    func stored() throws {
        let spec = try read(
            """
            {"steps":[10,50,100],"bake":"4000ms","minimum_samples":40,"timeout":"60000ms","on_inconclusive":"hold",
             "false_alarm_rate":0.05,"checks":{"error_rate":{"max":0.01},
             "latency":{"quantile":0.95,"max_ratio":1.5,"min_increase":"5ms"},
             "quality":{"max_drop":0.05,"minimum_labels":40,"required":true},"disagreement":{"max":0.2},
             "drift":{"on_drift":"hold"}}}
            """
        )
        #expect(spec.steps == [10, 50, 100])
        #expect(spec.strategy == .canary)
        #expect(spec.rollbackWindow == .zero)
        #expect(spec.stages == spec.steps)
        let evidence = try EvidenceSnapshot(
            json: JSONValue.parse(
                """
                {"steps":[{"stable":{"requests":9,"errors":1,"timed":8,"slow":1,"labelled":2,"correct":1},
                 "candidate":{"requests":1,"errors":0,"timed":1,"slow":0,"labelled":0,"correct":0}}],
                 "pairs":{"both":1,"stable_only":0,"candidate_only":0,"neither":0},
                 "disagreement":{"count":1,"rows":5},"latency_threshold_known":true,"candidate_drift":null}
                """
            )
        )
        #expect(evidence.step(0).stable.requests == 9)
        #expect(evidence.disagreement == Proportion(1, of: 5))
        #expect(try EvidenceSnapshot(json: evidence.json) == evidence)
    }

    @Test(
        "What is wrong is named",
        arguments: [
            (#"{"strategy":"yolo"}"#, "must be one of 'all_at_once'"),
            (#"{"strategy":"all_at_once","steps":[100]}"#, "left out"),
            (#"{"strategy":"all_at_once","confirm":true}"#, "gates: {confirm: true}"),
            (#"{"strategy":"shadow","steps":[10,100]}"#, "must begin with"),
            (#"{"strategy":"blue_green","steps":[50]}"#, "percent 0"),
            (#"{"strategy":"blue_green","steps":[]}"#, "percent 0"),
            (#"{"strategy":"ab"}"#, "needs a metric"), (#"{"strategy":"ab","ab":{}}"#, "ab.metric' is missing"),
            (#"{"strategy":"ab","ab":{"metric":"joy"}}"#, "must be one of 'accuracy'"),
            (#"{"strategy":"ab","ab":{"metric":"score","goal":"more"}}"#, "'maximize' or 'minimize'"),
            (#"{"strategy":"ab","ab":{"metric":"score"},"steps":[50,100]}"#, "one share from 1 to 99"),
            (#"{"ab":{"metric":"score"}}"#, "for 'strategy: ab' only"),
            (#"{"steps":[0,100]}"#, "must be rising"),
            (#"{"steps":[{"percent":0,"shadow_percent":0},100]}"#, "above 0"),
            (#"{"steps":[{"percent":10},{"percent":10},100]}"#, "must be rising"),
            (#"{"steps":[{"percent":10,"bake":"2h"},100]}"#, "timeout longer"),
            (#"{"steps":[{"percent":10,"colour":"red"},100]}"#, "rollout.steps[0].colour"),
            (#"{"steps":[{"percent":10,"checks":{"latency":{}}},100]}"#, "cannot change the latency check"),
            (#"{"steps":["10",100]}"#, "must be rising"), (#"{"on_fail":"cry"}"#, "'rollback', 'hold'"),
            (#"{"false_promotion_rate":0}"#, "false_promotion_rate"), (#"{"rollback_window":"later"}"#, "duration"),
            (#"{"gates":{"luck":true}}"#, "gates.luck"),
            (#"{"gates":{"replay":{"minimum_agreement":2}}}"#, "agreement"),
            (#"{"checks":{"quality":{"max_increase":1}}}"#, "does not go with 'metric: accuracy'"),
            (#"{"checks":{"quality":{"metric":"squared_error","max_drop":1}}}"#, "does not go with"),
            (#"{"checks":{"estimate":{"on_drop":"x"}}}"#, "'hold' or 'rollback'"),
            (#"{"checks":{"prometheus":{}}}"#, "must be an array"),
            (#"{"checks":{"prometheus":[{"name":"a","server":"p:9","query":"x","max":1}]}}"#, "http://"),
            (#"{"checks":{"prometheus":[{"name":"a","server":"http://p","query":"","max":1}]}}"#, "not be empty"),
            (#"{"checks":{"prometheus":[{"name":"a","server":"http://p","query":"x"}]}}"#, "what figure is good"),
            (#"{"checks":{"prometheus":[{"name":"a b","server":"http://p","query":"x","max":1}]}}"#, "letters"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h"},{"name":"a","url":"http://h"}]}}"#, "used twice"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","min":2,"max":1}]}}"#, "not exceed"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","fail_above":1}]}}"#, "needs a 'max'"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","fail_below":1}]}}"#, "needs a 'min'"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","interval":"10ms"}]}}"#, "at least 100ms"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","count":0}]}}"#, "webhook[0].count"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","headers":{"a b":"s"}}]}}"#, "HTTP header"),
            (#"{"checks":{"webhook":[{"name":"a","url":"http://h","headers":{"a":7}}]}}"#, "must be a string"),
        ]
    )
    func refusals(text: String, reason: String) throws {
        let error = #expect(throws: MartletError.self) { try read(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("Limits of external checks, headers, measurements and steps hold at and past their maximum")
    func limits() throws {
        func hooks(_ count: Int, headers: Int = 0, wanted: Int = 1) -> String {
            let names = (0..<headers).map { #""h\#($0)":"s""# }.joined(separator: ",")
            let list = (0..<count).map {
                #"{"name":"n\#($0)","url":"http://h","count":\#(wanted),"headers":{\#(names)}}"#
            }
            return #"{"checks":{"webhook":[\#(list.joined(separator: ","))]}}"#
        }
        #expect(try read(hooks(RolloutsLimits.externalChecks)).checks.webhooks.count == RolloutsLimits.externalChecks)
        #expect(throws: MartletError.self) { try read(hooks(RolloutsLimits.externalChecks + 1)) }
        #expect(try read(hooks(1, headers: RolloutsLimits.externalHeaders)).checks.webhooks.count == 1)
        #expect(throws: MartletError.self) { try read(hooks(1, headers: RolloutsLimits.externalHeaders + 1)) }
        #expect(try read(hooks(1, wanted: RolloutsLimits.measurements)).checks.webhooks.count == 1)
        #expect(throws: MartletError.self) { try read(hooks(1, wanted: RolloutsLimits.measurements + 1)) }
        func steps(_ count: Int) -> String {
            #"{"steps":[\#((1..<count).map(String.init).joined(separator: ",")),100]}"#
        }
        #expect(try read(steps(RolloutsLimits.steps)).steps.count == RolloutsLimits.steps)
        #expect(throws: MartletError.self) { try read(steps(RolloutsLimits.steps + 1)) }
    }
}
