package import Core

/// Tests of a table: written down, derived from a reference, or both.
package struct QualitySuite: Sendable, Equatable {
    /// The written tests in order.
    package let tests: [QualityTest]
    /// Which tests are derived when the suite runs; nil for none.
    package let derivation: QualityDerivation?

    /// Makes a suite.
    package init(tests: [QualityTest], derivation: QualityDerivation? = nil) {
        self.tests = tests
        self.derivation = derivation
    }

    /// The suite that stands in when none is given: everything that can be derived.
    package static let derived = QualitySuite(tests: [], derivation: QualityDerivation())

    /// Reads `tests` and `derive`.
    ///
    /// - Parameter fields: the document.
    /// - Throws: `invalidArgument` naming the field.
    package init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["tests", "derive"])
        let elements = try fields.optionalArray("tests") ?? []
        guard elements.count <= QualityLimits.tests else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "tests"))' has \(elements.count) tests; at most \(QualityLimits.tests) are accepted."
            )
        }
        var tests: [QualityTest] = []
        for (position, element) in elements.enumerated() {
            tests += try QualityTest.all(JSONFields(element, path: "\(fields.path(of: "tests"))[\(position)]"))
        }
        var derivation: QualityDerivation?
        if case .bool(let isDerived)? = fields.value("derive") {
            derivation = isDerived ? QualityDerivation() : nil
        } else if let section = try fields.optionalFields("derive") {
            derivation = try QualityDerivation(section)
        }
        guard !tests.isEmpty || derivation != nil else {
            throw MartletError(
                .invalidArgument,
                "\(fields.path.isEmpty ? "The suite" : "'\(fields.path)'") tests nothing; it needs 'tests', 'derive: true' or both."
            )
        }
        self.init(tests: tests, derivation: derivation)
    }

    /// A suite of written tests that hold a table to a reference's profile, as Evidently derives them.
    ///
    /// - Parameters:
    ///   - reference: the profile.
    ///   - derivation: the tolerance and which tests are wanted.
    /// - Throws: `invalidArgument` when the derivation names a column that the reference does not have.
    package init(
        derivedFrom reference: QualityProfile,
        _ derivation: QualityDerivation = QualityDerivation()
    ) throws(MartletError) {
        self.init(tests: try derivation.tests(reference: reference, current: nil))
    }

    /// The suite as a document.
    package var json: JSONValue {
        var object: JSONObject = ["tests": .array(tests.map(\.json))]
        if let derivation { object["derive"] = derivation.json }
        return .object(object)
    }

    /// Runs the tests.
    ///
    /// - Parameters:
    ///   - current: the table that is judged.
    ///   - reference: the table that it is compared with, where tests do that.
    /// - Returns: every figure and verdict; what cannot be computed is a verdict too.
    /// - Throws: `invalidArgument` when `derive.columns` names a column that is not there; `resourceExhausted` past
    ///   `QualityLimits.rows`.
    package func run(current: Table, reference: Table? = nil) throws(MartletError) -> QualityReport {
        let measured = try MeasuredTable(current)
        let compared: MeasuredTable? = if let reference { try MeasuredTable(reference) } else { nil }
        var all = tests
        if let derivation {
            all += try derivation.tests(reference: compared?.profile, current: measured.profile)
        }
        var figures: [QualityMetric: QualityFigure] = [:]
        var metrics: [(metric: QualityMetric, figure: QualityFigure)] = []
        var results: [QualityTestResult] = []
        for test in all {
            let figure = figures[test.metric] ?? measured.figure(test.metric)
            if figures.updateValue(figure, forKey: test.metric) == nil { metrics.append((test.metric, figure)) }
            let other = test.condition.threshold?.source == .reference ? compared?.figure(test.metric) : nil
            results.append(QualityTestResult(test, figure: figure, reference: other))
        }
        return QualityReport(metrics: metrics, tests: results)
    }
}

extension QualityDerivation {
    /// The derivation as a suite has it.
    var json: JSONValue {
        var object: JSONObject = ["relative": .number(relative), "is_critical": .bool(isCritical)]
        if let metrics { object["metrics"] = .array(metrics.map(\.rawValue).sorted().map(JSONValue.string)) }
        if !except.isEmpty { object["except"] = .array(except.map(\.rawValue).sorted().map(JSONValue.string)) }
        if let columns { object["columns"] = .array(columns.map(JSONValue.string)) }
        return .object(object)
    }
}
