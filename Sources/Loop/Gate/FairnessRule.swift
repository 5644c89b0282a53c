import Core

/// How far the candidate's metric may differ between the segments of a column, and from the champion's in each.
package struct FairnessRule: Sendable, Equatable {
    /// The column whose values are the segments; many different numbers are cut into quarters.
    package let column: String
    /// The metric and which way of it is better.
    package let metric: MetricRule
    /// The largest difference between the best and the worst segment; nil asks for none.
    package let maximumGap: Double?
    /// How much worse than the champion the candidate may be in a segment; nil asks for none.
    package let maximumDrop: Double?
    /// Rows without which a segment is not judged.
    package let minimumRows: Int
    /// Whether a candidate passes although too few segments have enough rows to say anything.
    package let passesWhenTooFew: Bool

    /// Makes a rule; `better` is known by the metric's name unless given.
    package init(
        column: String,
        metric: String,
        better: MetricRule.Direction? = nil,
        maximumGap: Double? = nil,
        maximumDrop: Double? = nil,
        minimumRows: Int = 30,
        passesWhenTooFew: Bool = false
    ) {
        self.column = column
        self.metric = MetricRule(metric: metric, better: better)
        self.maximumGap = maximumGap
        self.maximumDrop = maximumDrop
        self.minimumRows = minimumRows
        self.passesWhenTooFew = passesWhenTooFew
    }

    /// Reads one entry of `gate.fairness` strictly.
    init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["column", "metric", "better", "max_gap", "max_drop", "minimum_rows", "too_few"])
        let column = try fields.string("column")
        guard !column.isEmpty else { throw fields.invalid("column", "must not be empty") }
        let metric = try MetricRule(fields)
        let gap = try fields.optionalDouble("max_gap", in: 0...1e12)
        let drop = try fields.optionalDouble("max_drop", in: 0...1e12)
        guard gap != nil || drop != nil else {
            throw MartletError(.invalidArgument, "'\(fields.path)' asks for nothing; give max_gap, max_drop or both.")
        }
        let tooFew = try fields.optionalString("too_few") ?? "reject"
        guard ["reject", "accept"].contains(tooFew) else {
            throw fields.invalid("too_few", "must be 'reject' or 'accept'")
        }
        self.init(
            column: column,
            metric: metric.metric,
            better: metric.better,
            maximumGap: gap,
            maximumDrop: drop,
            minimumRows: Int(clamping: try fields.optionalInt("minimum_rows", in: 1...1_000_000_000) ?? 30),
            passesWhenTooFew: tooFew == "accept"
        )
    }

    /// Judges the segments that the rows fell into.
    func judge(_ segments: [GateFigures.Segment]) -> GateFinding {
        let name = metric.metric
        let judged = segments.filter { $0.rows >= minimumRows && $0.candidate[name]?.isFinite == true }
        var figures: JSONObject = [
            "column": .string(column), "metric": .string(name), "better": .string(metric.better.rawValue),
            "minimum_rows": .int(minimumRows),
        ]
        if let maximumGap { figures["max_gap"] = .number(maximumGap) }
        if let maximumDrop { figures["max_drop"] = .number(maximumDrop) }
        figures["segments"] = .array(
            segments.map { segment in
                [
                    "segment": .string(segment.name), "rows": .int(segment.rows),
                    "candidate": .optional(segment.candidate[name]), "champion": .optional(segment.champion?[name]),
                    "judged": .bool(judged.contains(segment)),
                ]
            }
        )
        let needed = maximumGap == nil ? 1 : 2
        guard judged.count >= needed else {
            let reason =
                "\(judged.count) of \(segments.count) segments of '\(column)' have the \(minimumRows) rows that "
                + "\(name) needs; at least \(needed) must."
            return GateFinding(passesWhenTooFew, reason, figures)
        }
        if let finding = gap(judged, &figures) { return finding }
        if let finding = drop(judged, &figures) { return finding }
        return GateFinding(true, "\(name) is alike in \(judged.count) segments of '\(column)'.", figures)
    }

    /// The finding when the segments lie too far apart.
    private func gap(_ segments: [GateFigures.Segment], _ figures: inout JSONObject) -> GateFinding? {
        let name = metric.metric
        let values = segments.compactMap { segment in segment.candidate[name].map { (segment.name, $0) } }
        guard let highest = values.max(by: { $0.1 < $1.1 }), let lowest = values.min(by: { $0.1 < $1.1 }) else {
            return nil
        }
        let gap = highest.1 - lowest.1
        figures["gap"] = .number(gap)
        guard let maximumGap, gap > maximumGap else { return nil }
        let reason =
            "\(name) is \(GateText.number(highest.1)) for '\(highest.0)' and \(GateText.number(lowest.1)) for "
            + "'\(lowest.0)' of '\(column)': a gap of \(GateText.number(gap)), above \(GateText.number(maximumGap))."
        return GateFinding(false, reason, figures)
    }

    /// The finding when a segment is worse off than with the champion.
    private func drop(_ segments: [GateFigures.Segment], _ figures: inout JSONObject) -> GateFinding? {
        guard let maximumDrop else { return nil }
        let name = metric.metric
        let losses = segments.compactMap {
            segment -> (name: String, loss: Double, candidate: Double, champion: Double)? in
            guard let ours = segment.candidate[name], let theirs = segment.champion?[name], theirs.isFinite else {
                return nil
            }
            return (segment.name, -metric.gain(ours, over: theirs), ours, theirs)
        }
        guard let worst = losses.max(by: { $0.loss < $1.loss }) else { return nil }
        figures["largest_drop"] = .number(worst.loss)
        guard worst.loss > maximumDrop else { return nil }
        let reason =
            "\(name) for '\(worst.name)' of '\(column)' is \(GateText.number(worst.candidate)), the champion's "
            + "\(GateText.number(worst.champion)): worse by more than \(GateText.number(maximumDrop))."
        return GateFinding(false, reason, figures)
    }
}
