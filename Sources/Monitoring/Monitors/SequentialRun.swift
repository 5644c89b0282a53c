import Core
import Statistics

/// A sequential detector at work: what it read, and for how long its last signal stands.
struct SequentialRun: Sendable {
    let spec: MonitorDetector.SequentialSpec
    private var detector: any SequentialDetector
    /// How many values it had read when it last signalled drift, and when that was.
    private var driftedAt: (observed: Int, time: Timestamp)?

    init(_ spec: MonitorDetector.SequentialSpec) throws(MartletError) {
        self.spec = spec
        detector = try spec.make()
    }

    /// Continues from what `encode` gave; a state of another declaration begins anew.
    init(_ spec: MonitorDetector.SequentialSpec, state: JSONValue?) throws(MartletError) {
        try self.init(spec)
        guard let state, state["spec"] == MonitorDetector.sequential(spec).json, let saved = state["detector"] else {
            return
        }
        detector = try SequentialKind.restore(saved)
        if let observed = state["drift_observed"]?.integerValue, let time = state["drift_at"]?.integerValue {
            driftedAt = (Int(clamping: observed), Timestamp(milliseconds: time))
        }
    }

    var json: JSONValue {
        [
            "spec": MonitorDetector.sequential(spec).json, "detector": detector.encode(),
            "drift_observed": driftedAt.map { JSONValue.int($0.observed) } ?? .null,
            "drift_at": .optional(driftedAt?.time.milliseconds),
        ]
    }

    /// Reads values, and says what stands: a drift signal stands until a window's length has passed without another.
    mutating func read(_ values: [Float], window: WindowExtent, now: Timestamp) -> MonitorEvaluation.Detector {
        var signal = SequentialSignal.none
        for value in values {
            signal = detector.update(Double(value))
            if signal == .drift { driftedAt = (detector.tally.observed, now) }
        }
        let observed = detector.tally.observed
        guard observed > 0 else {
            return .init(name: spec.kind.rawValue, source: spec.source, reason: idle)
        }
        let stands: Bool =
            switch (window, driftedAt) {
            case (_, nil): false
            case (.rows(let rows), let last?): observed - last.observed < rows
            case (.time(let time), let last?): now - last.time < time
            }
        var reason: String?
        if stands, let last = driftedAt {
            reason =
                "\(spec.source) changed; signalled after \(last.observed) values, \(detector.tally.detections) times in all."
        } else if signal == .warning {
            reason = "\(spec.source) may begin to change (warning zone)."
        }
        return MonitorEvaluation.Detector(
            name: spec.kind.rawValue,
            source: spec.source,
            statistic: detector.statistic.flatMap { $0.isFinite ? $0 : nil },
            pValue: nil,
            threshold: nil,
            drifted: stands,
            isDecided: true,
            reason: reason,
            tests: []
        )
    }

    private var idle: String {
        spec.source == OutputColumn.error
            ? "insufficient data: no label has come yet."
            : "insufficient data: no value of \(spec.source) has come yet."
    }
}
