import Core
import Quality
import Testing

/// Suites that say something wrong are refused with the place named.
@Suite struct SuiteReadingTests {
    private func message(_ document: JSONValue) -> String? {
        do {
            _ = try QualitySuite(JSONFields(document))
            return nil
        } catch {
            return error.message
        }
    }

    private func message(test: JSONValue) -> String? { message(["tests": .array([test])]) }

    @Test(
        arguments: [
            (["metric": "Nonsense", "eq": 1], "'tests[0].metric' must be one of RowCount"),
            (["eq": 1], "'tests[0].metric' is missing."),
            (["metric": "RowCount"], "'tests[0]' has no condition; it needs at least one of gt, gte"),
            (["metric": "RowCount", "equals": 1], "'tests[0].equals' is not a known key"),
            (["metric": "MeanValue", "gt": 1], "'tests[0].column' is missing; MeanValue is of a column."),
            (["metric": "RowCount", "column": "x", "gt": 1], "'tests[0].column' is not a parameter of RowCount."),
            (["metric": "MeanValue", "column": "", "gt": 1], "'tests[0].column' must be text of 1 to"),
            (
                ["metric": "MeanValue", "column": "x", "left": 1, "gt": 1],
                "'tests[0].left' is not a parameter of MeanValue."
            ),
            (["metric": "QuantileValue", "column": "x", "gt": 1], "'tests[0].quantile' is missing."),
            (
                ["metric": "QuantileValue", "column": "x", "quantile": 1.5, "gt": 1],
                "'tests[0].quantile' must be between"
            ),
            (
                ["metric": "InRangeValueCount", "column": "x", "left": 2, "right": 1, "gt": 1],
                "'tests[0].left' must not be above"
            ),
            (["metric": "InListValueCount", "column": "x", "values": [], "gt": 1], "'tests[0].values' has 0 values"),
            (
                ["metric": "InListValueCount", "column": "x", "values": [[1]], "gt": 1],
                "'tests[0].values[0]' must be a number or text"
            ),
            (["metric": "UniqueValueCount", "column": "x", "gt": 1], "'tests[0].label' is missing"),
            (["metric": "ColumnCorrelation", "column": "x", "gt": 1], "'tests[0].other' is missing."),
            (
                ["metric": "ColumnCorrelation", "column": "x", "other": "y", "method": "kendall", "gt": 1],
                "'tests[0].method' must be one of"
            ),
            (["metric": "MeanValue", "column": "x", "share": true, "gt": 1], "'tests[0].share' must be left out"),
            (["metric": "RowCount", "gt": "many"], "'tests[0].gt' must be a number"),
            (["metric": "RowCount", "eq": "many"], "'tests[0].eq' must be a number"),
            (["metric": "RowCount", "in": ["a"]], "'tests[0].in' must be a list of numbers"),
            (["metric": "ColumnType", "column": "x", "gt": "a"], "'tests[0].gt' cannot order types"),
            (["metric": "ColumnType", "column": "x", "eq": 1], "'tests[0].eq' must be text"),
            (["metric": "RowCount", "eq": ["value": 1, "relative": 0]], "'tests[0].eq.relative' must be above 0"),
            (["metric": "RowCount", "eq": ["value": 1, "relative": -1]], "'tests[0].eq.relative' must be between"),
            (["metric": "RowCount", "eq": ["value": 1, "reference": true]], "'tests[0].eq' needs either"),
            (["metric": "RowCount", "eq": [:]], "'tests[0].eq' needs either"),
            (["metric": "RowCount", "eq": [1]], "'tests[0].eq' must be a number, text"),
            (["metric": "RowCount", "eq": 1, "is_critical": "no"], "'tests[0].is_critical' must be true or false"),
            (["metric": "RowCount", "eq": 1, "name": ""], "'tests[0].name' must be text"),
            ("RowCount", "'tests[0]' must be an object"),
        ] as [(JSONValue, String)]
    )
    func wrongTestsAreNamed(_ test: JSONValue, _ expected: String) {
        let message = message(test: test)
        #expect(message?.hasPrefix(expected) == true, "\(message ?? "accepted")")
    }

    @Test(
        arguments: [
            ([:], "The suite tests nothing"), (["tests": []], "The suite tests nothing"),
            (["derive": false], "The suite tests nothing"), (["test": []], "'test' is not a known key"),
            (["derive": ["metrics": ["Nonsense"]]], "'derive.metrics[0]' must be one of"),
            (["derive": ["relative": 0]], "'derive.relative' must be above 0"),
            (["derive": ["tolerance": 0.1]], "'derive.tolerance' is not a known key"),
            (["derive": 3], "'derive' must be an object"),
        ] as [(JSONValue, String)]
    )
    func wrongSuitesAreNamed(_ suite: JSONValue, _ expected: String) {
        let message = message(suite)
        #expect(message?.hasPrefix(expected) == true, "\(message ?? "accepted")")
    }

    @Test func testsValuesAndTextsAreLimited() {
        let test: JSONValue = ["metric": "RowCount", "gt": 0]
        let most = [JSONValue](repeating: test, count: QualityLimits.tests)
        #expect(message(["tests": .array(most)]) == nil)
        #expect(message(["tests": .array(most + [test])])?.contains("at most") == true)
        func list(_ count: Int) -> JSONValue {
            ["metric": "InListValueCount", "column": "x", "values": .array((0..<count).map { .int($0) }), "gt": 0]
        }
        #expect(message(test: list(QualityLimits.testValues)) == nil)
        #expect(message(test: list(QualityLimits.testValues + 1)) != nil)
        func named(_ bytes: Int) -> JSONValue {
            ["metric": "MeanValue", "column": .string(String(repeating: "x", count: bytes)), "gt": 0]
        }
        #expect(message(test: named(QualityLimits.textBytes)) == nil)
        #expect(message(test: named(QualityLimits.textBytes + 1)) != nil)
    }

    @Test func whatIsWrittenReadsBack() throws {
        let suite = try QualitySuite.of(
            ["metric": "RowCount", "gte": 1, "lte": ["value": 10, "relative": 0.1]],
            ["metric": "MissingValueCount", "column": "x", "share": true, "lte": 0.1, "is_critical": false],
            [
                "metric": "InListValueCount", "column": "x", "values": ["a", 1, 1.5], "eq": ["reference": true],
                "name": "n",
            ],
            ["metric": "UniqueValueCount", "column": "x", "label": "a", "not_in": [0, 1]],
            ["metric": "ColumnType", "column": "x", "in": ["number"]],
            ["metric": "ColumnCorrelation", "column": "x", "other": "y", "method": "spearman", "lt": 0.9]
        )
        #expect(suite.tests.count == 7)
        #expect(try QualitySuite(JSONFields(JSONValue.parse(suite.json.serialized()))) == suite)
    }
}
