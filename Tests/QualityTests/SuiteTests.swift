import Core
import Quality
import Testing

/// Conditions, criticality, tolerances and what cannot be computed.
@Suite struct SuiteTests {
    private func run(_ test: JSONValue, _ table: Table, reference: Table? = nil) throws -> QualityReport {
        try QualitySuite.of(test).run(current: table, reference: reference)
    }

    private func status(_ conditions: JSONObject, _ value: Double = 5) throws -> String {
        var test: JSONObject = ["metric": "MeanValue", "column": "x"]
        for (key, value) in conditions.pairs { test[key] = value }
        return try run(.object(test), .numbers([value, value])).tests.map(\.status.rawValue).joined(separator: " ")
    }

    @Test(
        arguments: [
            (["gt": 4], "SUCCESS"), (["gt": 5], "FAIL"), (["gte": 5], "SUCCESS"), (["gte": 5.1], "FAIL"),
            (["lt": 6], "SUCCESS"), (["lt": 5], "FAIL"), (["lte": 5], "SUCCESS"), (["lte": 4.9], "FAIL"),
            (["eq": 5], "SUCCESS"), (["eq": 5.000001], "FAIL"), (["not_eq": 4], "SUCCESS"), (["not_eq": 5], "FAIL"),
            (["in": [1, 5.0]], "SUCCESS"), (["in": [1, 2]], "FAIL"), (["not_in": [1]], "SUCCESS"),
            (["not_in": [5]], "FAIL"),
            (["gte": 0, "lte": 10], "SUCCESS SUCCESS"), (["gte": 6, "lte": 10], "FAIL SUCCESS"),
            (["eq": ["value": 5.5, "relative": 0.1]], "SUCCESS"), (["eq": ["value": 5.6, "relative": 0.1]], "FAIL"),
            (["eq": ["value": 4, "absolute": 1]], "SUCCESS"), (["eq": ["value": 4, "absolute": 0.9]], "FAIL"),
            (["eq": ["value": 5.000001]], "SUCCESS"), (["not_eq": ["value": 5.1, "relative": 0.1]], "FAIL"),
            (["gte": ["value": 5.4, "relative": 0.1]], "SUCCESS"), (["gt": ["value": 4.9, "relative": 0.1]], "FAIL"),
            (["lte": ["value": 4.6, "relative": 0.1]], "SUCCESS"), (["lt": ["value": 5.4, "relative": 0.1]], "FAIL"),
            (["gt": 5, "is_critical": false], "WARNING"), (["gt": 4, "is_critical": false], "SUCCESS"),
        ] as [(JSONObject, String)]
    )
    func everyCondition(_ conditions: JSONObject, _ expected: String) throws {
        #expect(try status(conditions) == expected)
    }

    @Test func onlyCriticalFailuresFail() throws {
        let table = try Table.numbers([1, 2, 2, .nan])
        let warned = try run(["metric": "MissingValueCount", "column": "x", "eq": 0, "is_critical": false], table)
        #expect(warned.passed && warned.count(.warning) == 1)
        #expect(warned.json["summary"]?["all_passed"] == false && warned.json["passed"] == true)
        let failed = try run(["metric": "MissingValueCount", "column": "x", "eq": 0], table)
        #expect(
            !failed.passed && failed.failures() == "Column 'x' missing values: Actual value 1.000, but expected 0.000"
        )
        #expect(failed.summary == "1 tests: 0 passed, 1 failed")
    }

    @Test func sharesAndTheReference() throws {
        let (current, reference) = (try Table.numbers([1, 2, 3, .nan]), try Table.numbers([1, 2, 3, 4]))
        let share = try run(["metric": "MissingValueCount", "column": "x", "share": true, "lte": 0.25], current)
        #expect(share.passed)
        let test: JSONValue = ["metric": "MeanValue", "column": "x", "eq": ["reference": true, "relative": 0.2]]
        let report = try run(test, current, reference: reference)
        #expect(report.passed && report.tests[0].name == "Mean value of 'x': Equal 2.500 ± 0.500")
        // Evidently's own form of a comparison with the reference is the tolerance alone.
        let same = try run(
            ["metric": "MeanValue", "column": "x", "eq": ["relative": 0.2]],
            current,
            reference: reference
        )
        #expect(same == report)
        let alone = try run(test, current)
        #expect(!alone.passed && alone.tests[0].status == .error)
        #expect(alone.tests[0].description.contains("there is none"))
    }

    @Test func figuresThatPeersDoNotHave() throws {
        let table = try Table(columns: [
            Column(name: "x", values: .numbers([1, 1, .infinity, -.infinity, 2])),
            Column(name: "s", values: .strings(["a", "bcd", nil, "a", "a"])),
        ])
        let tests: [JSONValue] = [
            ["metric": "InfiniteValueCount", "eq": 2], ["metric": "InfiniteValueCount", "column": "x", "eq": 2],
            ["metric": "InfiniteValueCount", "column": "x", "share": true, "eq": 0.4],
            ["metric": "DistinctValueCount", "column": "s", "eq": 2],
            ["metric": "DistinctValueCount", "column": "s", "share": true, "eq": 0.5],
            ["metric": "MostCommonValueCount", "column": "s", "eq": 3],
            ["metric": "MostCommonValueCount", "column": "s", "share": true, "lte": 0.6],
            ["metric": "ColumnType", "column": "x", "eq": "number"],
            ["metric": "ColumnType", "column": "s", "in": ["text", "empty"]],
            ["metric": "ColumnType", "column": "s", "not_eq": "number", "not_in": ["number"]],
            ["metric": "MinTextLength", "column": "s", "gte": 1], ["metric": "MaxTextLength", "column": "s", "eq": 3],
            ["metric": "MeanTextLength", "column": "s", "eq": 1.5],
            ["metric": "CategoryCount", "column": "s", "values": ["a", "bcd"], "eq": 4],
            ["metric": "InListValueCount", "column": "x", "values": [1, 2], "eq": 3],
            ["metric": "OutListValueCount", "column": "x", "values": ["1"], "eq": 3],
            ["metric": "InRangeValueCount", "column": "x", "left": 1, "right": 1, "share": true, "eq": 0.4],
            ["metric": "OutRangeValueCount", "column": "x", "left": 1.5, "right": 1.6, "eq": 5],
            ["metric": "UniqueValueCount", "column": "s", "label": "a", "share": true, "eq": 0.6],
            ["metric": "QuantileValue", "column": "x", "quantile": 0.75, "eq": 1.5],
        ]
        for test in tests {
            let report = try run(test, table)
            #expect(report.passed, "\(test) \(report.failures())")
        }
    }

    @Test(arguments: [
        ("MeanValue", "gone", "There is no column 'gone'; the data has n, s, empty, one, inf."),
        ("MeanValue", "s", "The column 's' holds text: 1 of its 2 values are no numbers, the first is 'abc'."),
        ("MinValue", "empty", "The column 'empty' has no values in 2 rows."),
        ("StdValue", "one", "The column 'one' has a single number; a standard deviation needs two."),
        ("MaxValue", "inf", "The column 'inf' has no finite numbers."),
        ("MinTextLength", "n", "The column 'n' holds numbers, not text."),
        ("MeanTextLength", "empty", "The column 'empty' has no values in 2 rows."),
    ])
    func whatCannotBeComputedIsAnErrorThatNamesTheColumn(_ metric: String, _ column: String, _ reason: String) throws {
        let table = try Table(columns: [
            Column(name: "n", values: .numbers([1, 2])), Column(name: "s", values: .strings(["abc", "7"])),
            Column(name: "empty", values: .numbers([.nan, .nan])), Column(name: "one", values: .numbers([1, .nan])),
            Column(name: "inf", values: .numbers([.infinity, .infinity])),
        ])
        let report = try run(["metric": .string(metric), "column": .string(column), "gte": 0], table)
        #expect(!report.passed && report.tests[0].status == .error)
        #expect(report.tests[0].description.hasSuffix(reason), "\(report.tests[0].description)")
        #expect(report.json["metrics"]?.arrayValue?[0]["error"]?.stringValue == reason)
        // A share of nothing and a pair that is none are errors as well, never NaN.
        let share = try run(
            ["metric": "InListValueCount", "column": "empty", "values": ["a"], "share": true, "gte": 0],
            table
        )
        #expect(share.tests[0].status == .error)
    }

    @Test func pairsThatAreNone() throws {
        let table = try Table(columns: [
            Column(name: "n", values: .numbers([1, 2, 3])), Column(name: "c", values: .numbers([1, 1, 1])),
            Column(name: "s", values: .strings(["a", "b", "c"])),
        ])
        for (other, reason) in [
            ("c", "one is constant"), ("s", "pearson and spearman are of numbers"), ("gone", "no column 'gone'"),
        ] {
            let report = try run(
                ["metric": "ColumnCorrelation", "column": "n", "other": .string(other), "lt": 0.9],
                table
            )
            #expect(report.tests[0].status == .error && report.tests[0].description.contains(reason))
        }
    }

    @Test func emptyTablesFailWhatIsDerived() throws {
        let reference = try Table.numbers([1, 2, 3])
        for table in [try Table(columns: []), try Table.numbers([])] {
            let report = try QualitySuite.derived.run(current: table, reference: reference)
            #expect(!report.passed)
            #expect(!report.json.description.lowercased().contains("nan"))
            #expect(try !QualitySuite.derived.run(current: table).passed)
        }
        // The other way round an empty reference demands emptiness.
        #expect(try !QualitySuite.derived.run(current: reference, reference: .numbers([])).passed)
    }

    @Test func aColumnThatIsGoneIsOneErrorAndAnotherTypeAFailure() throws {
        let reference = try Table(columns: [
            Column(name: "a", values: .numbers([1, 2, 3])), Column(name: "b", values: .numbers([1, 2, 3])),
        ])
        let current = try Table(columns: [
            Column(name: "b", values: .strings(["1", "2", "x"])), Column(name: "c", values: .numbers([1, 2, 3])),
        ])
        let report = try QualitySuite.derived.run(current: current, reference: reference)
        #expect(report.tests.filter { $0.test.metric.column == "a" }.map(\.status) == [.error])
        let type = report.tests.first { $0.test.metric == QualityMetric(.type, column: "b") }
        #expect(type?.description == "Type of 'b': Actual value text, but expected number")
    }

    @Test func derivationsAreChosen() throws {
        let reference = try Table.numbers([1, 2, 3, 4])
        let document: JSONObject = [
            "derive": [
                "relative": 0.5, "metrics": ["MeanValue", "RowCount"], "except": ["RowCount"], "is_critical": false,
            ]
        ]
        let fields = JSONFields(document)
        let report = try QualitySuite(fields).run(current: .numbers([3, 4, 5]), reference: reference)
        #expect(report.tests.map(\.status) == [.warning])
        #expect(report.tests[0].name == "Mean value of 'x': Equal 2.500 ± 1.250" && report.passed)
        let unknown: JSONObject = ["derive": ["columns": ["y"]]]
        let error = #expect(throws: MartletError.self) { try QualitySuite(JSONFields(unknown)).run(current: reference) }
        #expect(error?.message == "'derive.columns' names the column 'y', which the data does not have.")
        // Ten thousand categories are not listed in a test, a few are.
        let many = try Table.texts((0..<20_000).map { "\($0 % 10_000)x" })
        let derived = try QualitySuite(derivedFrom: QualityProfile(of: many))
        #expect(!derived.tests.contains { $0.metric.name == .inList })
        #expect(try derived.run(current: many).passed)
    }

    @Test func dataEqualToTheReferencePasses() throws {
        let table = try Table(columns: [
            Column(name: "x", values: .numbers((0..<50).map { Double($0 * $0) - 300 } + [.infinity, .nan])),
            Column(name: "t", values: .strings((0..<50).map { "k\($0 % 4)" } + [nil, "k0"])),
            Column(name: "e", values: .numbers([Double](repeating: .nan, count: 52))),
        ])
        let report = try QualitySuite.derived.run(current: table, reference: table)
        #expect(report.passed && report.tests.count > 30, "\(report.failures())")
    }

    @Test func theReportIsEvidentlys() throws {
        let report = try run(
            ["metric": "MinValue", "column": "x", "gte": 2, "is_critical": false, "name": "no small ones"],
            .numbers([1, 2])
        ).json
        #expect(
            report.description
                == #"{"passed":true,"summary":{"all_passed":false,"total_tests":1,"success_tests":0,"failed_tests":0,"#
                + #""warning_tests":1,"by_status":{"WARNING":1}},"metrics":[{"id":"MinValue(column=x)","#
                + #""metric_name":"MinValue(column=x)","config":{"type":"MinValue","column":"x"},"value":1.0}],"#
                + #""tests":[{"id":"ge","name":"no small ones","description":"no small ones: Actual value 1.000, "#
                + #"but expected >= 2.000","status":"WARNING","metric_config":{"metric_id":"MinValue(column=x)","#
                + #""params":{"type":"MinValue","column":"x"}},"test_config":{"is_critical":false,"threshold":2.0}}]}"#
        )
    }
}
