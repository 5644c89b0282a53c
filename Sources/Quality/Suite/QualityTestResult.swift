import Core

/// What became of one test.
package struct QualityTestResult: Sendable, Equatable {
    /// The outcomes, by Evidently's names.
    package enum Status: String, Sendable, CaseIterable {
        case success = "SUCCESS"
        case fail = "FAIL"
        /// A test that is not critical failed.
        case warning = "WARNING"
        /// The figure does not exist: no such column, no values, text instead of numbers.
        case error = "ERROR"
    }

    /// The test.
    package let test: QualityTest
    /// What became of it.
    package let status: Status
    /// The figure and what is demanded of it, worded as Evidently words it.
    package let name: String
    /// One sentence with the figure that was found, or why there is none.
    package let description: String

    /// Whether this fails the suite.
    package var failsSuite: Bool { test.isCritical && (status == .fail || status == .error) }

    /// Judges a figure.
    init(_ test: QualityTest, figure: QualityFigure, reference: QualityFigure?) {
        let verdict = Self.verdict(test, figure, reference)
        self.test = test
        let title = test.metric.title
        name = test.alias ?? "\(title): \(test.condition.words) \(verdict.demand)"
        description = "\(test.alias ?? title): \(verdict.finding)"
        status =
            switch verdict.holds {
            case true?: .success
            case false?: test.isCritical ? .fail : .warning
            case nil: .error
            }
    }

    private struct Verdict {
        /// Whether the condition holds; nil when it cannot be said.
        let holds: Bool?
        let demand: String
        let finding: String
    }

    private static func verdict(_ test: QualityTest, _ figure: QualityFigure, _ reference: QualityFigure?) -> Verdict {
        if case .isIn(let labels) = test.condition { return verdict(test, figure, labels, wanted: true) }
        if case .notIn(let labels) = test.condition { return verdict(test, figure, labels, wanted: false) }
        guard let threshold = test.condition.threshold else {
            return Verdict(holds: nil, demand: "", finding: "The test has no condition.")
        }
        if case .text(let expected) = threshold.source { return verdict(test, figure, text: expected) }
        let bound: Double
        switch value(of: threshold, test, reference) {
        case .success(let value): bound = value
        case .failure(let reason): return Verdict(holds: nil, demand: "the reference", finding: reason.text)
        }
        let tolerance = threshold.tolerance(of: bound)
        let demand = FigureText.of(bound) + (threshold.isApproximate ? " ± \(FigureText.of(tolerance))" : "")
        switch number(figure, ofShare: test.ofShare) {
        case .failure(let reason): return Verdict(holds: nil, demand: demand, finding: reason.text)
        case .success(let value):
            let holds = test.condition.holds(value, bound, tolerance)
            let finding =
                "Actual value \(FigureText.of(value)), \(holds ? "" : "but ")expected \(test.condition.sign)\(demand)"
            return Verdict(holds: holds, demand: demand, finding: finding)
        }
    }

    /// Why there is no number.
    private struct Reason: Error {
        let text: String
    }

    private static func number(_ figure: QualityFigure, ofShare: Bool) -> Result<Double, Reason> {
        switch figure {
        case .number(let value): .success(value)
        case .count(let count, _) where !ofShare: .success(Double(count))
        case .count(_, let share?): .success(share)
        case .count: .failure(Reason(text: "There are no values to take a share of."))
        case .text(let text): .failure(Reason(text: "The figure is '\(text)', not a number."))
        case .unknown(let reason): .failure(Reason(text: reason))
        }
    }

    private static func value(
        of threshold: QualityThreshold,
        _ test: QualityTest,
        _ reference: QualityFigure?
    ) -> Result<Double, Reason> {
        switch threshold.source {
        case .number(let value): return .success(value)
        case .text(let text): return .failure(Reason(text: "'\(text)' is no number."))
        case .reference:
            guard let reference else {
                return .failure(Reason(text: "The test compares with a reference, and there is none."))
            }
            return number(reference, ofShare: test.ofShare).mapError { Reason(text: "In the reference: \($0.text)") }
        }
    }

    private static func verdict(_ test: QualityTest, _ figure: QualityFigure, text expected: String) -> Verdict {
        switch figure {
        case .text(let text):
            let holds = (text == expected) == (test.condition.key == "eq")
            return Verdict(
                holds: holds,
                demand: expected,
                finding: "Actual value \(text), \(holds ? "" : "but ")expected \(test.condition.sign)\(expected)"
            )
        case .unknown(let reason): return Verdict(holds: nil, demand: expected, finding: reason)
        default: return Verdict(holds: nil, demand: expected, finding: "The figure is a number, not text.")
        }
    }

    private static func verdict(
        _ test: QualityTest,
        _ figure: QualityFigure,
        _ labels: [QualityLabel],
        wanted: Bool
    ) -> Verdict {
        let demand = "[\(labels.map(\.text).joined(separator: ", "))]"
        let (isListed, shown): (Bool, String)
        switch (figure, number(figure, ofShare: test.ofShare)) {
        case (.text(let text), _): (isListed, shown) = (labels.contains(.text(text)), text)
        case (_, .success(let value)):
            (isListed, shown) = (labels.contains { $0.number == value }, FigureText.of(value))
        case (_, .failure(let reason)): return Verdict(holds: nil, demand: demand, finding: reason.text)
        }
        return Verdict(
            holds: isListed == wanted,
            demand: demand,
            finding: "Actual value \(shown) is \(isListed ? "" : "not ")in the list \(demand)"
        )
    }
}

extension QualityCondition {
    /// Whether a number meets the condition; a tolerance always widens what passes as near the bound.
    func holds(_ value: Double, _ bound: Double, _ tolerance: Double) -> Bool {
        switch self {
        case .greater: value > bound + tolerance
        case .greaterOrEqual: value >= bound - tolerance
        case .less: value < bound - tolerance
        case .lessOrEqual: value <= bound + tolerance
        case .equal: bound - tolerance <= value && value <= bound + tolerance
        case .notEqual: !(bound - tolerance <= value && value <= bound + tolerance)
        case .isIn, .notIn: false
        }
    }

    /// The condition before its bound in a sentence.
    var sign: String {
        switch self {
        case .greater: "> "
        case .greaterOrEqual: ">= "
        case .less: "< "
        case .lessOrEqual: "<= "
        case .notEqual: "not "
        case .equal, .isIn, .notIn: ""
        }
    }
}
