package import Core

/// What a suite found in a table, in Evidently's form.
package struct QualityReport: Sendable, Equatable {
    /// Every metric that a test is about, once, with its figure.
    package let metrics: [(metric: QualityMetric, figure: QualityFigure)]
    /// Every test in order.
    package let tests: [QualityTestResult]

    package static func == (left: QualityReport, right: QualityReport) -> Bool {
        left.tests == right.tests
            && left.metrics.elementsEqual(right.metrics) { $0.metric == $1.metric && $0.figure == $1.figure }
    }

    /// Whether no critical test failed.
    package var passed: Bool { !tests.contains(where: \.failsSuite) }

    /// How many tests have a status.
    package func count(_ status: QualityTestResult.Status) -> Int { tests.count { $0.status == status } }

    /// One line: how many tests passed, warn and failed.
    package var summary: String {
        let parts = [
            ("passed", count(.success)), ("failed", count(.fail)), ("warn", count(.warning)),
            ("could not be computed", count(.error)),
        ]
        let texts = parts.filter { $0.1 > 0 || $0.0 == "passed" }.map { "\($0.1) \($0.0)" }
        return "\(tests.count) tests: \(texts.joined(separator: ", "))"
    }

    /// The first tests that fail the suite, in words, for an error message.
    package func failures(_ limit: Int = 5) -> String {
        let failed = tests.filter(\.failsSuite)
        let more = failed.count > limit ? "; and \(failed.count - limit) more" : ""
        return failed.prefix(limit).map(\.description).joined(separator: "; ") + more
    }

    /// The report as JSON: `metrics`, `tests` and `summary` by Evidently's names, and `passed`.
    package var json: JSONValue {
        let failed = count(.fail) + count(.error)
        let statuses = QualityTestResult.Status.allCases.filter { count($0) > 0 }
        return [
            "passed": .bool(passed),
            "summary": [
                "all_passed": .bool(count(.success) == tests.count), "total_tests": .int(tests.count),
                "success_tests": .int(count(.success)), "failed_tests": .int(failed),
                "warning_tests": .int(count(.warning)),
                "by_status": .object(JSONObject(statuses.map { ($0.rawValue, .int(count($0))) })),
            ],
            "metrics": .array(metrics.map { Self.json($0.metric, $0.figure) }),
            "tests": .array(tests.map(\.json)),
        ]
    }

    private static func json(_ metric: QualityMetric, _ figure: QualityFigure) -> JSONValue {
        var object: JSONObject = [
            "id": .string(metric.metricName), "metric_name": .string(metric.metricName),
            "config": metric.config, "value": figure.json,
        ]
        if case .unknown(let reason) = figure { object["error"] = .string(reason) }
        return .object(object)
    }
}

extension QualityMetric {
    /// The metric's parameters with its type.
    fileprivate var config: JSONValue {
        var object: JSONObject = ["type": .string(name.rawValue)]
        for (key, value) in parameters.pairs { object[key] = value }
        return .object(object)
    }
}

extension QualityTestResult {
    /// The result as Evidently writes one.
    var json: JSONValue {
        var config: JSONObject = ["is_critical": .bool(test.isCritical)]
        switch test.condition {
        case .isIn, .notIn: config["values"] = test.condition.json
        case .equal, .notEqual: config["expected"] = test.condition.json
        default: config["threshold"] = test.condition.json
        }
        if test.ofShare { config["share"] = true }
        return [
            "id": .string(test.condition.identifier), "name": .string(name), "description": .string(description),
            "status": .string(status.rawValue),
            "metric_config": ["metric_id": .string(test.metric.metricName), "params": test.metric.config],
            "test_config": .object(config),
        ]
    }
}
