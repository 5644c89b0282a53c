import Core

/// The rule by which a candidate is judged, as the manifest states it.
///
/// ```yaml
/// gate: {metric: accuracy, min_delta: 0.0, minimum: 0.9}   # one metric, or:
/// gate:
///   metrics:
///     - {metric: accuracy, min_delta: 0.01}
///     - {metric: log_loss, maximum: 0.4}
///   fairness:
///     - {column: sex, metric: recall, max_gap: 0.1, max_drop: 0.02, minimum_rows: 50}
///   latency: {quantile: 0.95, max: 5ms, max_ratio: 2}
///   size: {max: 20MB}
/// ```
package struct GateRule: Sendable, Equatable {
    /// The metrics, of which each must be content; at least one.
    package let metrics: [MetricRule]
    /// What is asked of segments.
    package let fairness: [FairnessRule]
    /// How long predictions may take; nil asks for nothing.
    package let latency: LatencyBudget?
    /// How large the files may be; nil asks for nothing.
    package let size: SizeBudget?

    /// The first metric's name.
    package var metric: String { metrics.first?.metric ?? "" }
    /// How much better than the champion the first metric must be.
    package var minimumDelta: Double { metrics.first?.minimumDelta ?? 0 }
    /// The least value of the first metric.
    package var minimum: Double? { metrics.first?.minimum }

    /// Makes a rule.
    package init(
        metrics: [MetricRule],
        fairness: [FairnessRule] = [],
        latency: LatencyBudget? = nil,
        size: SizeBudget? = nil
    ) {
        self.metrics = metrics
        self.fairness = fairness
        self.latency = latency
        self.size = size
    }

    /// Makes a rule of one metric.
    package init(metric: String, minimumDelta: Double, minimum: Double? = nil) {
        self.init(metrics: [MetricRule(metric: metric, minimumDelta: minimumDelta, minimum: minimum)])
    }

    /// Reads the section strictly.
    init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(MetricRule.keys + ["metrics", "fairness", "latency", "size"])
        var metrics: [MetricRule] = []
        if fields.value("metrics") == nil || fields.value("metric") != nil { metrics.append(try MetricRule(fields)) }
        for entry in try Self.entries(fields, "metrics", most: LoopLimits.maximumGateMetrics) {
            try entry.rejectUnknown(MetricRule.keys)
            metrics.append(try MetricRule(entry))
        }
        guard !metrics.isEmpty else { throw fields.invalid("metrics", "must name at least one metric") }
        var fairness: [FairnessRule] = []
        for entry in try Self.entries(fields, "fairness", most: LoopLimits.maximumFairnessRules) {
            fairness.append(try FairnessRule(entry))
        }
        self.init(
            metrics: metrics,
            fairness: fairness,
            latency: try fields.optionalFields("latency").map { fields throws(MartletError) in try LatencyBudget(fields)
            },
            size: try fields.optionalFields("size").map { fields throws(MartletError) in try SizeBudget(fields) }
        )
    }

    /// The entries of a list; one entry may stand alone.
    private static func entries(
        _ fields: JSONFields,
        _ key: String,
        most: Int
    ) throws(MartletError) -> [JSONFields] {
        guard let value = fields.value(key) else { return [] }
        let path = fields.path(of: key)
        guard let values = value.arrayValue else { return [try JSONFields(value, path: path)] }
        guard values.count <= most else { throw fields.invalid(key, "has \(values.count) entries; at most \(most)") }
        var entries: [JSONFields] = []
        for (position, value) in values.enumerated() {
            entries.append(try JSONFields(value, path: "\(path)[\(position)]"))
        }
        return entries
    }

    /// Judges figures: every rule must be content.
    ///
    /// - Parameter figures: what was measured.
    /// - Returns: the verdict with what each rule found.
    package func judge(_ figures: GateFigures) -> GateVerdict {
        let metrics = metrics.map {
            $0.judge(candidate: figures.candidate[$0.metric], champion: figures.champion?[$0.metric])
        }
        let fairness = fairness.map { rule in rule.judge(figures.segments.filter { $0.column == rule.column }) }
        let latency = latency.map { $0.judge(candidate: figures.candidateSeconds, champion: figures.championSeconds) }
        let size = size.map { $0.judge(candidate: figures.candidateBytes, champion: figures.championBytes) }
        let findings = metrics + fairness + [latency, size].compactMap(\.self)
        let objections = findings.filter { !$0.passed }
        var evidence = metrics.first.map { finding in finding.figures } ?? [:]
        evidence["passed"] = nil
        evidence["reason"] = nil
        evidence["rows"] = .optional(figures.rows.map(Int64.init))
        evidence["champion_version"] = .optional(figures.championVersion.map(Int64.init))
        evidence["metrics"] = .array(metrics.map { .object($0.figures) })
        if !fairness.isEmpty { evidence["fairness"] = .array(fairness.map { .object($0.figures) }) }
        if let latency { evidence["latency"] = .object(latency.figures) }
        if let size { evidence["size"] = .object(size.figures) }
        let reasons = objections.isEmpty ? findings : objections
        return GateVerdict(
            accepted: objections.isEmpty,
            reason: reasons.map(\.reason).joined(separator: " "),
            evidence: evidence
        )
    }
}
