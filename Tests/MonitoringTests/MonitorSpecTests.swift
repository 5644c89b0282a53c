import Core
import Testing

import Monitoring
import Statistics

struct MonitorSpecTests {
    private func parse(_ json: String, name: String = "m") throws -> MonitorSpec {
        try MonitorSpec(name: name, JSONFields(JSONValue.parse(json), path: "monitors.m"))
    }

    @Test func readsTheManifestsSection() throws {
        let spec = try parse(
            """
            {"deployment":"cancer","window":100,"minimum":60,"interval":"1s","detectors":{"mmd":{"p_value":0.01,
            "permutations":100},"ks":{"p_value":0.02,"correction":"fdr"}},"hysteresis":3}
            """
        )
        #expect(spec.name == "m")
        #expect(spec.deployment == "cancer")
        #expect((spec.window, spec.minimum, spec.stride, spec.hysteresis) == (100, 60, 10, 3))
        #expect(spec.interval == .seconds(1))
        #expect(spec.mmd?.pValue == 0.01)
        #expect(spec.mmd?.permutations == 100)
        #expect(spec.ks?.pValue == 0.02)
        #expect(spec.ks?.correction == .benjaminiHochberg)
    }

    @Test func fillsDefaults() throws {
        let spec = try parse(#"{"deployment":"d"}"#)
        #expect((spec.window, spec.minimum, spec.stride, spec.hysteresis) == (200, 60, 20, 2))
        #expect(spec.interval == .seconds(5))
        #expect(spec.mmd == MonitorSpec.MMD())
        #expect(spec.ks == MonitorSpec.KS())
        let small = try parse(#"{"deployment":"d","window":5,"detectors":{"ks":{}}}"#)
        #expect((small.minimum, small.stride) == (5, 1))
        #expect(small.mmd == nil)
    }

    @Test(arguments: [
        #"{"deployment":"d"}"#,
        #"{"deployment":"d","window":3000,"minimum":2,"stride":3000,"interval":0.25,"hysteresis":100}"#,
        #"{"deployment":"d","detectors":{"mmd":{"bandwidth":2.5,"standardise":false,"p_value":0.05}}}"#,
    ])
    func writesWhatItReads(json: String) throws {
        let spec = try parse(json)
        #expect(try MonitorSpec(name: "m", JSONFields(spec.json)) == spec)
    }

    @Test(arguments: [
        (#"{}"#, "'monitors.m.deployment' is missing"),
        (#"{"deployment":""}"#, "'monitors.m.deployment' must name a deployment"),
        (#"{"deployment":"d","windw":1}"#, "'monitors.m.windw' is not a known key"),
        (#"{"deployment":"d","window":1}"#, "'monitors.m.window' must be between 2 and 3000"),
        (#"{"deployment":"d","window":3001}"#, "'monitors.m.window' must be between 2 and 3000"),
        (#"{"deployment":"d","window":"big"}"#, "'monitors.m.window' must be a whole number"),
        (#"{"deployment":"d","window":50,"minimum":51}"#, "'monitors.m.minimum' must be between 2 and 50"),
        (#"{"deployment":"d","window":50,"stride":0}"#, "'monitors.m.stride' must be between 1 and 50"),
        (#"{"deployment":"d","interval":"99ms"}"#, "'monitors.m.interval' must be between 100ms and 1d"),
        (#"{"deployment":"d","interval":"2d"}"#, "'monitors.m.interval' must be between 100ms and 1d"),
        (#"{"deployment":"d","interval":"soon"}"#, "'monitors.m.interval' must be a duration"),
        (#"{"deployment":"d","hysteresis":0}"#, "'monitors.m.hysteresis' must be between 1 and 100"),
        (#"{"deployment":"d","hysteresis":101}"#, "'monitors.m.hysteresis' must be between 1 and 100"),
        (#"{"deployment":"d","detectors":{}}"#, "'monitors.m.detectors' must hold mmd, ks or both"),
        (#"{"deployment":"d","detectors":{"psi":{}}}"#, "'monitors.m.detectors.psi' is not a known key"),
        (#"{"deployment":"d","detectors":{"ks":{"p":1}}}"#, "'monitors.m.detectors.ks.p' is not a known key"),
        (#"{"deployment":"d","detectors":{"ks":{"p_value":0}}}"#, "'monitors.m.detectors.ks.p_value' must be"),
        (#"{"deployment":"d","detectors":{"ks":{"p_value":0.6}}}"#, "'monitors.m.detectors.ks.p_value' must be"),
        (#"{"deployment":"d","detectors":{"ks":{"correction":"none"}}}"#, "must be bonferroni or fdr"),
        (#"{"deployment":"d","detectors":{"mmd":{"permutations":99}}}"#, "must be at least 100 for a p_value of 0.01"),
        (#"{"deployment":"d","detectors":{"mmd":{"permutations":10001}}}"#, "must be between 1 and 10000"),
        (#"{"deployment":"d","detectors":{"mmd":{"bandwidth":0}}}"#, "'monitors.m.detectors.mmd.bandwidth' must be"),
        (#"[]"#, "'monitors.m' must be an object"),
    ])
    func refusesWhatItDoesNotKnow(json: String, message: String) {
        let error = #expect(throws: MartletError.self) { try parse(json) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func acceptsItsLimits() throws {
        let spec = try parse(
            """
            {"deployment":"d","window":\(MonitoringLimits.windowRows),"interval":\(MonitoringLimits.intervalSeconds),
            "hysteresis":\(MonitoringLimits.hysteresis)}
            """
        )
        #expect(spec.window == MonitoringLimits.windowRows)
        #expect(spec.interval == .seconds(MonitoringLimits.intervalSeconds))
        #expect(spec.hysteresis == MonitoringLimits.hysteresis)
        #expect(throws: MartletError.self) {
            try parse(#"{"deployment":"d","interval":\#(MonitoringLimits.intervalSeconds + 1)}"#)
        }
    }

    @Test func namesHaveALimit() throws {
        let most = String(repeating: "a", count: MonitoringLimits.nameBytes)
        #expect(try parse(#"{"deployment":"d"}"#, name: most).name == most)
        for name in ["", "a/b", "a b", "é", most + "a"] {
            #expect(throws: MartletError.self) { try parse(#"{"deployment":"d"}"#, name: name) }
        }
    }
}
