package import Core
package import Performance

/// What an evaluation found: metrics with intervals, curves, calibration, residuals and segments.
package struct EvaluationReport: Sendable {
    /// What is known of the rows with one value of a column.
    package struct Segment: Sendable {
        /// The column.
        package let column: String
        /// The value, or a range of values.
        package let name: String
        /// The metrics of its rows.
        package let metrics: TaskMetrics

        /// The segment for tools.
        package var json: JSONValue {
            [
                "column": .string(column), "segment": .string(name), "rows": .int(metrics.rows),
                "metrics": metrics.json,
            ]
        }
    }

    /// The model's answers.
    package let judged: JudgedModel
    /// The metrics with intervals.
    package let intervals: [Bootstrap.Interval]
    /// The segments of each column that was named, the largest first.
    package let segments: [Segment]
    /// Curves, calibration and metrics by class; nil unless classes were learned.
    package let classification: ClassificationPerformance?

    /// Looks at everything; blocks for seconds with many rows.
    ///
    /// - Parameters:
    ///   - judged: the model's answers.
    ///   - table: the raw rows, for segments.
    ///   - columns: the columns by whose values the rows are divided.
    ///   - seed: draws the resamples.
    /// - Throws: `invalidArgument` when a column is not there or there are too many.
    package init(
        _ judged: JudgedModel,
        table: Table,
        segmentedBy columns: [String],
        seed: UInt64
    ) throws(MartletError) {
        guard columns.count <= LearningLimits.segmentColumns else {
            throw MartletError(
                .invalidArgument,
                "'segments' names \(columns.count) columns; an evaluation is broken down by at most \(LearningLimits.segmentColumns)."
            )
        }
        guard columns.isEmpty || judged.task != .ranking else {
            throw MartletError(
                .invalidArgument,
                "'segments' does not go with ranking, whose rows belong together in groups."
            )
        }
        self.judged = judged
        intervals = try judged.intervals(seed: seed)
        classification = try judged.classification()
        var segments: [Segment] = []
        for column in columns {
            for segment in try Self.segments(of: table.column(column)).all {
                let metrics = try judged.selecting(segment.rows).metrics
                segments.append(Segment(column: column, name: Segments.name(segment), metrics: metrics))
            }
        }
        self.segments = segments
    }

    private static func segments(of column: Column) -> Segments {
        switch column.values {
        case .strings(let texts): Segments(texts)
        case .numbers(let numbers): Segments(numbers)
        case .integers(let integers): Segments(integers.map { $0.map { Double($0) } ?? .nan })
        }
    }

    /// The report for tools.
    package var json: JSONValue {
        var object: JSONObject = [
            "task": .string(judged.task.rawValue), "rows": .int(judged.metrics.rows), "metrics": judged.metrics.json,
        ]
        if case .classification(let metrics) = judged.metrics {
            object["confusion_matrix"] = metrics.confusion.json
            object["classes"] = .array(judged.truth.classes.map(JSONValue.string))
        }
        object["intervals"] = .object(JSONObject(intervals.map { ($0.name, $0.json) }))
        object["interval_level"] = .number(Bootstrap.level)
        if let classification {
            object["by_class"] = .array(classification.classes.map(\.json))
            if let calibration = classification.calibration { object["calibration"] = calibration.json }
        }
        if !segments.isEmpty { object["segments"] = .array(segments.map(\.json)) }
        return .object(object)
    }
}
