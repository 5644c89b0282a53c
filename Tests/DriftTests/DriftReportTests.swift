import Core
import Drift
import Statistics
import Testing

/// Reports of two tables, and what they say of bad input.
struct DriftReportTests {
    private func report(_ reference: String, _ current: String, _ options: DriftOptions = .init()) throws -> DriftReport
    {
        try DriftReport(reference: Samples.csv(reference), current: Samples.csv(current), options: options)
    }

    private func text(_ header: String, _ rows: Int, _ row: (Int) -> String) -> String {
        header + "\n" + (0..<rows).map(row).joined(separator: "\n") + "\n"
    }

    @Test func equalTablesDoNotDrift() throws {
        let table = try Samples.normal(300, means: [0, 1, 2], seed: 1)
        let report = try DriftReport(reference: table, current: table)
        #expect(report.verdict == .noDrift && report.reason == nil && report.events.isEmpty)
        #expect(report.decidedColumns == 3 && report.driftedColumns == 0 && report.driftedShare == 0)
        #expect(report.headline == "0 of 3 columns drifted.")
    }

    @Test func halfOfTheColumnsIsDatasetDrift() throws {
        let reference = try Samples.normal(300, means: [0, 0], seed: 1)
        let current = try Samples.normal(300, means: [0, 1], seed: 2)
        let report = try DriftReport(reference: reference, current: current)
        #expect(report.verdict == .drift && report.columns.drifted == true && report.driftedShare == 0.5)
        var options = DriftOptions()
        options.columns.driftShare = 0.6
        options.events.ignored = [.rangeExceeded]
        let strict = try DriftReport(reference: reference, current: current, options: options)
        #expect(strict.columns.drifted == false && strict.verdict == .noDrift)
    }

    @Test func eventsCountAsDrift() throws {
        let past = text("a,b", 200) { "\($0).5,\(["x", "y"][$0 % 2])" }
        let present = text("a,b", 200) { "\($0).5,\(["x", "y", "z"][$0 % 3])" }
        let report = try report(past, present)
        #expect(report.kinds(of: "b") == [.unseenCategory])
        #expect(report.verdict == .drift && report.driftEvents.count == 1)
    }

    @Test(arguments: [
        ("a,b\n", "a,b\n1,2\n3,4\n"), ("a,b\n1,2\n3,4\n", "a,b\n"), ("a,b\n1,2\n3,4\n", "c,d\n1,2\n3,4\n"),
        ("a\n1\n", "a\n1\n"), ("a\n1\n2\n3\n", "a\n2\n"), ("a\n\"\"\n\"\"\n", "a\n\"\"\n\"\"\n"),
        ("a\n\"\"\n\"\"\n", "a\n1\n2\n"),
    ])
    func whatCannotBeJudgedHasNoVerdict(reference: String, current: String) throws {
        let report = try report(reference, current)
        #expect(report.verdict == .insufficientData)
        #expect(report.reason?.hasPrefix("insufficient data") == true)
        #expect(report.json["verdict"] == "insufficient_data" && report.json["dataset_drift"] == .null)
        #expect(String(decoding: report.html(title: "t"), as: UTF8.self).contains("insufficient data"))
        #expect(!report.json.description.contains("NaN"))
    }

    @Test func tablesWithoutCommonColumnsSaySo() throws {
        let report = try report("a,b\n1,2\n3,4\n", "c,d\n1,2\n3,4\n")
        #expect(
            report.reason
                == "insufficient data: no common columns; the reference has 'a', 'b', the current data 'c', 'd'."
        )
        let none = try DriftReport(reference: Table(columns: []), current: Table(columns: []))
        #expect(none.verdict == .insufficientData)
    }

    @Test func aColumnThatIsGoneOrEmptyDoesNotHideTheOthers() throws {
        let past = text("a,b,c", 100) { "\($0).5,\($0 % 7).5,\($0)" }
        let present = text("a,c", 100) { "\($0).5," }
        let report = try report(past, present)
        #expect(report.kinds(of: "b") == [.missingColumn] && report.kinds(of: "c") == [.allMissing])
        #expect(report.feature("a")?.drift.drifted == false)
        #expect(report.feature("b")?.drift.drifted == nil && report.feature("b")?.current == nil)
        #expect(report.feature("c")?.drift.reason?.contains("'c'") == true)
        #expect(report.verdict == .drift && report.decidedColumns == 1)
        let json = report.json
        #expect(json["drift_by_columns"]?["b"]?["current"] == .null)
        #expect(
            json["tests"]?.arrayValue?.map { $0["status"]?.stringValue } == [
                "SUCCESS", "SUCCESS", "SKIPPED", "SKIPPED",
            ]
        )
    }

    @Test func aConstantReferenceIsJudged() throws {
        let past = text("a", 200) { _ in "3.5" }
        let same = try report(past, past)
        #expect(same.verdict == .noDrift && same.feature("a")?.drift.score?.isNaN != true)
        let moved = try report(past, text("a", 200) { "\($0).5" })
        #expect(moved.verdict == .drift && moved.kinds(of: "a").contains(.constant))
        #expect(moved.feature("a")?.drift.score?.isNaN != true)
    }

    @Test func extremeScales() throws {
        for scale in [1e-300, 1e-9, 1, 1e12, 1e300] {
            let reference = try Samples.normal(150, means: [0, 3], seed: 1).columns
            let current = try Samples.normal(150, means: [0, 9], seed: 2).columns
            func scaled(_ columns: [Column]) throws -> Table {
                try Table(
                    columns: columns.map { column in
                        Column(name: column.name, values: .numbers((column.numbers ?? []).map { $0 * scale }))
                    }
                )
            }
            let report = try DriftReport(reference: scaled(reference), current: scaled(current))
            #expect(report.columns.features.map(\.drifted) == [false, true], "\(scale)")
            #expect(report.features.allSatisfy { $0.reference.spread.map { $0.deviation.isFinite } ?? false })
            #expect(!report.html(title: "x").isEmpty)
        }
    }

    @Test func tenThousandCategories() throws {
        let past = text("id,n", 20_000) { "k\($0 % 10_000),\($0)" }
        let present = text("id,n", 20_000) { "k\(($0 * 7) % 10_000),\($0)" }
        let report = try report(past, present)
        #expect(report.feature("id")?.kind == .categorical && report.feature("id")?.drift.drifted == false)
        #expect(report.feature("id")?.reference.distinct == 10_000 && report.kinds(of: "id").isEmpty)
        guard case .frequencies(let names, let reference, let current) = report.feature("id")?.distribution else {
            Issue.record("categories are counted")
            return
        }
        #expect(names.count == DriftLimits.listedCategories + 1 && names.last == .some(nil))
        #expect(reference.reduce(0, +) == 20_000 && current.reduce(0, +) == 20_000)
        let few = try self.report(text("id", 100) { "k\($0 % DriftLimits.listedCategories)" }, "id\nk1\nk2\n")
        guard case .frequencies(let listed, _, _) = few.feature("id")?.distribution else { return }
        #expect(listed.count == DriftLimits.listedCategories && listed.last != .some(nil))
    }

    @Test func histogramsHoldEveryValue() throws {
        let past = text("a", 500) { "\(Double($0) * 0.37)" }
        let report = try report(past, text("a", 300) { "\(Double($0) * 1.1 - 40)" })
        guard case .histogram(let edges, let reference, let current, false) = report.feature("a")?.distribution else {
            Issue.record("numbers have a histogram")
            return
        }
        #expect(reference.reduce(0, +) == 500 && current.reduce(0, +) == 300 && edges.count == reference.count + 1)
        #expect(edges.first == -40 && edges == edges.sorted())
    }

    @Test func segmentsAreComparedOneByOne() throws {
        var options = DriftOptions()
        options.segment = "region"
        options.target = "y"
        options.prediction = "p"
        let past = text("region,x,y,p", 400) {
            "\(["n", "s"][$0 % 2]),\(Double($0 % 97) / 3),\($0 % 2),\(Double($0 % 89))"
        }
        let present = text("region,x,y,p", 400) {
            "\(["n", "s", "w", ""][$0 % 4]),\(Double($0 % 97) / 3 + ($0 % 4 == 1 ? 20 : 0)),\($0 % 2),\(Double($0 % 89))"
        }
        let report = try report(past, present, options)
        #expect(report.feature("y")?.role == .target && report.feature("p")?.role == .prediction)
        #expect(report.segments.map(\.name) == ["n", "s", nil, "w"])
        let names = report.segments.map { $0.columns.features.filter { $0.drifted == true }.map(\.name) }
        #expect(names[0].isEmpty && names[1].contains("x"))
        #expect(report.segments[3].columns.reason?.hasPrefix("insufficient data") == true)
        #expect(report.json["segments"]?.arrayValue?.count == 4)
        options.segment = "nowhere"
        #expect(throws: MartletError.self) { try self.report(past, present, options) }
    }

    @Test func segmentsAreBounded() throws {
        var options = DriftOptions()
        options.segment = "s"
        let limit = DriftLimits.segments
        let many = text("s,x", (limit + 1) * 4) { "k\($0 % (limit + 1)),\($0)" }
        #expect(try report(many, many, options).segments.count == limit)
        let fits = text("s,x", limit * 4) { "k\($0 % limit),\($0)" }
        #expect(try report(fits, fits, options).segments.count == limit)
    }

    @Test func columnsAreLeftOut() throws {
        var options = DriftOptions()
        options.columns.ignored = ["b"]
        let report = try report("a,b\n1.5,2\n2.5,3\n", "a\n1.5\n2.5\n", options)
        #expect(report.features.map(\.drift.name) == ["a"] && report.events.isEmpty && report.verdict == .noDrift)
    }

    @Test func furtherDetectorsHaveTheirSay() throws {
        var options = DriftOptions()
        options.detectors = [DetectorSpec(.maximumMeanDiscrepancy), DetectorSpec(.principalComponents)]
        options.events.ignored = [.rangeExceeded]
        options.columns.driftShare = 1
        let reference = try Samples.normal(200, means: [0, 0, 0, 0], seed: 1)
        let current = try Samples.normal(200, means: [0, 0, 1, 0], seed: 2)
        let report = try DriftReport(reference: reference, current: current, options: options)
        #expect(report.columns.drifted == false && report.detectors[0].drifted == true && report.verdict == .drift)
        #expect(report.headline.contains("mmd finds drift"))
        #expect(report.json["detectors"]?.arrayValue?.map { $0["detector"]?.stringValue } == ["mmd", "pca"])
        #expect(report.timings.detect > .zero && report.timings.prepare > .zero)
    }

    @Test func jsonHasEvidentlysNames() throws {
        let past = text("a,c,t", 100) { "\($0).5,\(["x", "y"][$0 % 2]),words of row \($0)" }
        let json = try report(past, past).json
        #expect(json["dataset_drift"] == false && json["number_of_columns"] == 3 && json["drift_share"] == 0.5)
        let column = try #require(json["drift_by_columns"]?["a"]?.objectValue)
        for key in [
            "column_name", "column_type", "stattest_name", "stattest_threshold", "drift_score", "drift_detected",
            "current", "reference",
        ] { #expect(column[key] != nil, "\(key)") }
        #expect(column["current"]?["small_distribution"]?["y"]?.arrayValue?.count == 20)
        #expect(json["drift_by_columns"]?["t"]?["column_type"] == "text")
        let metrics = try #require(json["metrics"]?.arrayValue)
        #expect(metrics[0]["metric_name"] == "DriftedColumnsCount(drift_share=0.5)")
        #expect(metrics[1]["metric_name"] == "ValueDrift(column=a,method=K-S p_value,threshold=0.05)")
        #expect(metrics[1]["config"]?["type"] == "evidently:metric_v2:ValueDrift")
        #expect(try JSONValue.parse(json.serialized()) == json)
    }
}
