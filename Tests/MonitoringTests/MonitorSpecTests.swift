import Core
import Testing

import Drift
import Monitoring

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
        #expect(spec.window == .rows(100))
        #expect((spec.minimum, spec.stride, spec.hysteresis) == (60, 10, 3))
        #expect(spec.schedule == .every(.seconds(1)))
        #expect(spec.severity == .warning)
        #expect(spec.reference == .version)
        guard case .windowed(let mmd) = spec.detectors[0], case .windowed(let ks) = spec.detectors[1] else {
            Issue.record("two windowed detectors were declared")
            return
        }
        #expect((mmd.kind.rawValue, mmd.threshold, mmd.permutations) == ("mmd", 0.01, 100))
        #expect((ks.kind.rawValue, ks.threshold, ks.correction.rawValue) == ("ks", 0.02, "fdr"))
    }

    @Test func fillsDefaults() throws {
        let spec = try parse(#"{"deployment":"d"}"#)
        #expect(spec.window == .rows(200))
        #expect((spec.minimum, spec.stride, spec.hysteresis) == (60, 20, 2))
        #expect(spec.schedule == .every(.seconds(5)))
        #expect(spec.detectors.map(\.name) == ["mmd", "ks"])
        #expect(spec.events != nil)
        let small = try parse(#"{"deployment":"d","window":5,"detectors":{"ks":{}}}"#)
        #expect((small.minimum, small.stride) == (5, 1))
        #expect(small.detectors.map(\.name) == ["ks"])
    }

    @Test func readsEverythingElse() throws {
        let spec = try parse(
            """
            {"deployment":"d","window":{"time":"1h"},"minimum":100,"schedule":"*/15 2 * * 1-5","severity":"critical",
            "reference":{"dataset":"patients@3"},"versions":"reference","events":{"ignore":["range_exceeded"]},
            "detectors":[{"detector":"psi","threshold":0.2,"columns":["a","b"]},{"kind":"chisquare","columns":"prediction"},
            {"kind":"adwin","column":"score","delta":0.01},{"kind":"ddm"}]}
            """
        )
        #expect(spec.window == .time(.seconds(3_600)))
        #expect((spec.minimum, spec.stride) == (100, 20))
        #expect(spec.severity == .critical)
        #expect(spec.reference == .dataset(name: "patients", version: "3"))
        #expect(spec.versions == .reference)
        #expect(spec.events?.ignored.count == 1)
        #expect(spec.detectors.map(\.name) == ["psi", "chisquare", "adwin", "ddm"])
        #expect(spec.streams == ["score", "error"])
        guard case .windowed(let chi) = spec.detectors[1] else { return }
        #expect((chi.columns, chi.threshold) == (["prediction"], 0.01))
    }

    @Test(arguments: [
        #"{"deployment":"d"}"#,
        #"{"deployment":"d","window":3000,"minimum":2,"stride":3000,"interval":0.25,"hysteresis":100}"#,
        #"{"deployment":"d","detectors":{"mmd":{"bandwidth":2.5,"standardise":false,"p_value":0.05}}}"#,
        #"{"deployment":"d","window":{"time":90},"severity":"info","schedule":"0 3 1 * *","versions":"reference"}"#,
        #"{"deployment":"d","window":{"rows":10000},"reference":{"dataset":"x"},"events":false,"interval":"2m"}"#,
        #"{"deployment":"d","detectors":[{"kind":"adwin","column":"score","delta":0.01},{"kind":"univariate"}]}"#,
        #"{"deployment":"d","detectors":[],"events":{"significance":0.001}}"#,
    ])
    func writesWhatItReads(json: String) throws {
        let spec = try parse(json)
        #expect(try MonitorSpec(name: "m", JSONFields(spec.json)) == spec)
    }

    @Test(arguments: [
        (#"{}"#, "'monitors.m.deployment' is missing"),
        (#"{"deployment":""}"#, "'monitors.m.deployment' must name a deployment"),
        (#"{"deployment":"d","windw":1}"#, "'monitors.m.windw' is not a known key"),
        (#"{"deployment":"d","window":1}"#, "'monitors.m.window' must be between 2 and 10000000"),
        (#"{"deployment":"d","window":10000001}"#, "'monitors.m.window' must be between 2 and 10000000"),
        (#"{"deployment":"d","window":{"days":1}}"#, "'monitors.m.window.days' is not a known key"),
        (#"{"deployment":"d","window":{}}"#, "'monitors.m.window.rows' is missing"),
        (#"{"deployment":"d","window":{"time":"1h","rows":2}}"#, "must say rows or time, not both"),
        (#"{"deployment":"d","window":{"time":"31d"}}"#, "'monitors.m.window.time' must be between 1s and 30d"),
        (#"{"deployment":"d","schedule":"5s","interval":"5s"}"#, "two names of one setting"),
        (#"{"deployment":"d","schedule":"60 * * * *"}"#, "The minute '60'"),
        (#"{"deployment":"d","severity":"bad"}"#, "must be one of info, warning, critical"),
        (#"{"deployment":"d","versions":"2"}"#, "must be one of any, reference"),
        (#"{"deployment":"d","reference":"now"}"#, "must be version or"),
        (#"{"deployment":"d","reference":{"dataset":"@2"}}"#, "'monitors.m.reference.dataset' must be the name"),
        (#"{"deployment":"d","reference":{"file":"x"}}"#, "'monitors.m.reference.file' is not a known key"),
        (#"{"deployment":"d","events":{"level":1}}"#, "'monitors.m.events.level' is not a known key"),
        (#"{"deployment":"d","events":false,"detectors":[]}"#, "must name a detector when 'events' is false"),
        (#"{"deployment":"d","detectors":[{"p_value":0.1}]}"#, "'monitors.m.detectors[0].detector' is missing"),
        (#"{"deployment":"d","detectors":{"adwin":{}}}"#, "'monitors.m.detectors.adwin.column' must name what adwin"),
        (#"{"deployment":"d","detectors":{"adwin":{"column":"x","delta":7}}}"#, "'monitors.m.detectors.adwin.delta'"),
        (#"{"deployment":"d","window":"big"}"#, "'monitors.m.window' must be a whole number"),
        (#"{"deployment":"d","window":50,"minimum":51}"#, "'monitors.m.minimum' must be between 2 and 50"),
        (#"{"deployment":"d","window":50,"stride":0}"#, "'monitors.m.stride' must be between 1 and 50"),
        (#"{"deployment":"d","interval":"99ms"}"#, "'monitors.m.interval' must be between 100ms and 1d"),
        (#"{"deployment":"d","interval":"2d"}"#, "'monitors.m.interval' must be between 100ms and 1d"),
        (#"{"deployment":"d","interval":"soon"}"#, "'monitors.m.interval' must be a duration"),
        (#"{"deployment":"d","hysteresis":0}"#, "'monitors.m.hysteresis' must be between 1 and 100"),
        (#"{"deployment":"d","hysteresis":101}"#, "'monitors.m.hysteresis' must be between 1 and 100"),
        (#"{"deployment":"d","detectors":{"psy":{}}}"#, "'monitors.m.detectors.psy' names no detector: 'psy'"),
        (#"{"deployment":"d","detectors":{"ks":{"p":1}}}"#, "'monitors.m.detectors.ks.p' is not a known key"),
        (#"{"deployment":"d","detectors":{"ks":{"p_value":0}}}"#, "'monitors.m.detectors.ks.p_value' must be"),
        (#"{"deployment":"d","detectors":{"ks":{"p_value":1.6}}}"#, "'monitors.m.detectors.ks.p_value' must be"),
        (#"{"deployment":"d","detectors":{"ks":{"correction":"all"}}}"#, "must be none, bonferroni or fdr"),
        (
            #"{"deployment":"d","detectors":{"mmd":{"permutations":99}}}"#,
            "must be at least 100 for a threshold of 0.01"
        ),
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
            {"deployment":"d","window":\(MonitoringLimits.spannedRows),"interval":\(MonitoringLimits.intervalSeconds),
            "hysteresis":\(MonitoringLimits.hysteresis)}
            """
        )
        #expect(spec.window == .rows(MonitoringLimits.spannedRows))
        #expect(spec.schedule == .every(.seconds(MonitoringLimits.intervalSeconds)))
        let longest = try parse(#"{"deployment":"d","window":{"time":\#(MonitoringLimits.windowSeconds)}}"#)
        #expect(longest.window == .time(.seconds(MonitoringLimits.windowSeconds)))
        let one = #"{"kind":"ks"}"#
        let most = [String](repeating: one, count: MonitoringLimits.detectors).joined(separator: ",")
        #expect(try parse(#"{"deployment":"d","detectors":[\#(most)]}"#).detectors.count == MonitoringLimits.detectors)
        #expect(throws: MartletError.self) { try parse(#"{"deployment":"d","detectors":[\#(most),\#(one)]}"#) }
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
