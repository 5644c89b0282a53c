import Core
import Quality
import Testing

/// Every metric and every test of Evidently's vectors.
@Suite struct EvidentlyParityTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let current: Table
        let reference: Table?
        let expected: [JSONValue]
        var testDescription: String { name }
    }

    static func cases() throws -> [Case] {
        try #require(try VectorFile("evidently_data_quality.json").root["cases"]?.arrayValue).map { value in
            let reference = value["frame_reference"] ?? .null
            return Case(
                name: value["id"]?.stringValue ?? "",
                current: try VectorFile.table(try #require(value["frame_current"])),
                reference: reference == .null ? nil : try VectorFile.table(reference),
                expected: try #require(value["expected"]?.arrayValue)
            )
        }
    }

    /// The metric of a vector in a suite's form.
    private func fields(_ expected: JSONValue) -> JSONObject {
        var object: JSONObject = ["metric": expected["metric"] ?? .null]
        for key in ["column", "quantile", "left", "right", "values"] { object[key] = expected[key] }
        return object
    }

    private func figure(_ fields: JSONObject, of table: Table) throws -> QualityFigure {
        var test = fields
        test["not_eq"] = -1
        let report = try QualitySuite.of(.object(test)).run(current: table)
        return try #require(report.metrics.first?.figure)
    }

    @Test(arguments: try cases())
    func everyMetricIsEvidentlys(_ example: Case) throws {
        var compared = 0
        for expected in example.expected {
            var fields = fields(expected)
            if expected["metric"] == "UniqueValueCount" {
                compared += try compareLabels(expected, fields, example.current)
                continue
            }
            let value = try #require(expected["value"])
            if fields["metric"] == "QuantileValue" { fields["quantile"] = expected["quantile"] }
            switch try figure(fields, of: example.current) {
            case .number(let number): #expect(agree(number, value.doubleValue), "\(fields)")
            case .count(let count, let share):
                #expect(Double(count) == value.number("count"), "\(fields)")
                #expect(agree(share, value.number("share")), "\(fields)")
            case let other: Issue.record("\(fields): \(other)")
            }
            compared += 1
        }
        #expect(compared == example.expected.count)
    }

    /// The counts of the labels; Evidently raises for floating-point labels, and counts a label 'nan' that never comes.
    private func compareLabels(_ expected: JSONValue, _ fields: JSONObject, _ table: Table) throws -> Int {
        guard let counts = expected["value"]?["counts"]?.objectValue else {
            #expect(expected["error"]?.stringValue == "ValidationError")
            var fields = fields
            fields["label"] = 1
            guard case .count(let ones, _) = try figure(fields, of: table) else { throw CancellationError() }
            #expect(ones > 0)
            return 1
        }
        for (label, count) in counts.pairs where label != "nan" {
            var fields = fields
            fields["label"] = .string(label)
            let share = expected["value"]?["shares"]?.number(label)
            guard case .count(let found, let foundShare) = try figure(fields, of: table) else {
                throw CancellationError()
            }
            #expect(Double(found) == count.doubleValue)
            #expect(agree(foundShare, share))
        }
        return 1
    }

    @Test(arguments: try cases())
    func everyDerivedTestIsEvidentlys(_ example: Case) throws {
        let report = try QualitySuite.derived.run(current: example.current, reference: example.reference)
        var compared = 0
        for expected in example.expected {
            let wanted = expected["tests"]?.arrayValue ?? []
            let metric = expected["metric"]?.stringValue ?? ""
            let found = report.tests.filter {
                $0.test.metric.name.rawValue == metric && $0.test.metric.column == expected["column"]?.stringValue
            }
            #expect(found.count == wanted.count, "\(metric) \(expected["column"] ?? .null)")
            for (found, wanted) in zip(found, wanted) {
                // Evidently appends "Reference 0.000 ± 0.000 ± 0.000" to what already names the reference's value.
                let name = wanted["name"]?.stringValue?.split(separator: "Reference", maxSplits: 1).first.map(
                    String.init
                )
                #expect(found.name == name)
                #expect(found.status.rawValue == wanted["status"]?.stringValue, "\(found.name)")
                compared += 1
            }
        }
        #expect(compared == (example.reference == nil ? 15 : 80))
    }

    @Test(arguments: try cases())
    func aSuiteOfTheProfileAloneComesToTheSame(_ example: Case) throws {
        guard let reference = example.reference else { return }
        let suite = try QualitySuite(derivedFrom: QualityProfile(of: reference))
        let report = try suite.run(current: example.current)
        #expect(report == (try QualitySuite.derived.run(current: example.current, reference: reference)))
        // What is written reads back.
        #expect(try QualitySuite(JSONFields(JSONValue.parse(suite.json.serialized()))) == suite)
    }
}
