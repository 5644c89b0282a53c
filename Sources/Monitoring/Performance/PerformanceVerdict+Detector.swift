extension MonitorEvaluation.Detector {
    /// What predictions are worth, as one more detector: it rejects while a metric is past its bound.
    init(_ verdict: PerformanceVerdict) {
        self.init(
            name: "performance",
            source: nil,
            statistic: verdict.alerts.first?.value,
            pValue: nil,
            threshold: verdict.alerts.first?.bound,
            drifted: verdict.isAlerting ?? false,
            isDecided: verdict.isAlerting != nil,
            reason: verdict.message,
            tests: []
        )
    }
}
