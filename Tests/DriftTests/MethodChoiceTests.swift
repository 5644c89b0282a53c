import Core
import Drift
import Statistics
import Testing

/// Which method compares which column.
struct MethodChoiceTests {
    private func method(_ reference: Column.Values, _ current: Column.Values, kind: ColumnKind? = nil) throws -> String?
    {
        var spec = DetectorSpec(.automatic)
        if let kind { spec.kinds = ["x": kind] }
        let detector = try spec.prepare(reference: Samples.column("x", reference))
        return try detector.evaluate(Samples.column("x", current)).features.first?.method.rawValue
    }

    @Test(arguments: [
        (1000, 6, "ks"), (1000, 5, "chisquare"), (1000, 3, "chisquare"), (1000, 2, "z"), (1001, 6, "wasserstein"),
        (1001, 5, "jensenshannon"), (1001, 2, "jensenshannon"),
    ])
    func numbersBySizeAndDistinctValues(rows: Int, distinct: Int, name: String) throws {
        let values = Column.Values.numbers(Samples.cycle(rows, of: distinct))
        #expect(try method(values, values) == name)
    }

    @Test func distinctValuesAreThoseOfBothSides() throws {
        let few = Column.Values.numbers(Samples.cycle(100, of: 2))
        #expect(try method(few, .numbers(Samples.cycle(100, of: 3))) == "chisquare")
        #expect(try method(few, .numbers(Samples.cycle(100, of: 9))) == "ks")
        #expect(try method(.numbers(Samples.cycle(100, of: 5)), .numbers([5, 0])) == "ks")
    }

    @Test func missingValuesDoNotCountForTheSize() throws {
        let values = Samples.cycle(1000, of: 9) + Array(repeating: Double.nan, count: 500)
        #expect(try method(.numbers(values), .numbers(values)) == "ks")
    }

    @Test(arguments: [(1000, 3, "chisquare"), (1000, 2, "z"), (1001, 3, "jensenshannon"), (1001, 2, "jensenshannon")])
    func categories(rows: Int, distinct: Int, name: String) throws {
        let texts = Column.Values.strings((0..<rows).map { "c\($0 % distinct)" })
        #expect(try method(texts, texts) == name)
        let integers = Column.Values.integers((0..<rows).map { Int64($0 % distinct) })
        #expect(try method(integers, integers) == name)
    }

    @Test(arguments: [(1000, "perc_text_content_drift"), (1001, "abs_text_content_drift")])
    func texts(rows: Int, name: String) throws {
        let texts = Column.Values.strings((0..<rows).map { "the text number \($0)" })
        #expect(try method(texts, texts) == name)
    }

    @Test func kindsAreInferred() throws {
        let table = try Table(columns: [
            Column(name: "float", values: .numbers([0, 1, 0, 1])),
            Column(name: "few", values: .integers((0..<40).prefix(4).map { $0 % 10 })),
            Column(name: "word", values: .strings(["a", "b", "a", "b"])),
            Column(name: "prose", values: .strings(["a", "b", "c", nil])),
            Column(name: "half", values: .strings(["a", "a", "b", "b"])),
            Column(name: "empty", values: .strings([nil, nil, nil, nil])),
        ])
        let kinds = try ColumnKinds.infer(reference: table)
        #expect(kinds["float"] == .numeric && kinds["few"] == .categorical && kinds["word"] == .categorical)
        #expect(kinds["prose"] == .text && kinds["half"] == .categorical && kinds["empty"] == .categorical)
        #expect(kinds["no"] == nil)
        let many = try Samples.column("x", .integers((0..<11).map { $0 }))
        #expect(try ColumnKinds.infer(reference: many)["x"] == .numeric)
        let ten = try Samples.column("x", .integers((0..<10).map { $0 }))
        #expect(try ColumnKinds.infer(reference: ten)["x"] == .categorical)
        let faulty = try Samples.column("x", .strings((0..<10).map { $0 == 3 ? "n/a" : "\($0)" }))
        #expect(try ColumnKinds.infer(reference: faulty)["x"] == .numeric)
        #expect(try ColumnKinds.infer(reference: table, overrides: ["float": .categorical])["float"] == .categorical)
        #expect(throws: MartletError.self) { try ColumnKinds.infer(reference: table, overrides: ["word": .numeric]) }
        #expect(throws: MartletError.self) { try ColumnKinds.infer(reference: table, overrides: ["no": .numeric]) }
    }

    @Test func methodsCanBeGivenByColumn() throws {
        let reference = try Samples.normal(200, means: [0, 0, 0], seed: 1)
        var spec = DetectorSpec(.automatic)
        spec.methods = ["f1": .init(.univariate(.populationStability), threshold: 0.3)]
        spec.kindMethods = [.numeric: .init(.univariate(.studentT))]
        spec.threshold = 0.2
        let report = try spec.prepare(reference: reference).evaluate(reference)
        #expect(report.features.map(\.method.rawValue) == ["t_test", "psi", "t_test"])
        #expect(report.features.map(\.threshold) == [0.2, 0.3, 0.2])
    }

    @Test func declaredCategoriesOfManyNumbersAreCountedByName() throws {
        let past = Column.Values.integers((0..<600).map { Int64($0 % 200) })
        let same = try method(past, past, kind: .categorical)
        #expect(same == "chisquare")
        var spec = DetectorSpec(.automatic)
        spec.kinds = ["x": .categorical]
        let detector = try spec.prepare(reference: Samples.column("x", past))
        // The same categories as text, as they come from another program.
        let texts = try Samples.column("x", .strings((0..<600).map { "\($0 % 200)" }))
        #expect(try detector.evaluate(texts).features.first?.drifted == false)
    }
}
