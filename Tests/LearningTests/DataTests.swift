import Core
import Learning
import Testing

@Suite("Labelled rows")
struct LabelledRowsTests {
    private static func table(_ target: Column.Values) throws -> Table {
        try Table(columns: [
            Column(name: "a", values: .numbers([1, .nan, 3])), Column(name: "y", values: target),
            Column(name: "b", values: .integers([4, 5, nil])),
        ])
    }

    @Test("take features in column order and classes by index or name")
    func labels() throws {
        for target in [
            Column.Values.integers([1, 0, 1]), .numbers([1, 0, 1]), .strings(["no", "yes", "no"]),
            .strings(["1", "0", "1"]),
        ] {
            let rows = try LabelledRows(Self.table(target), target: "y", classes: ["yes", "no"])
            #expect(rows.featureNames == ["a", "b"])
            #expect(rows.labels == [1, 0, 1])
            #expect(rows.values.count == 6 && rows.values[1] == 4 && rows.values[2].isNaN && rows.values[5].isNaN)
        }
        let named = try LabelledRows(Self.table(.strings(["no", "yes", "no"])), target: "y")
        #expect(named.classes == ["no", "yes"] && named.labels == [0, 1, 0])
        let chosen = try LabelledRows(Self.table(.integers([0, 1, 1])), target: "y", features: ["b"])
        #expect(chosen.values.count == 3 && chosen.classes == ["0", "1"])
    }

    @Test("refuse what cannot be learned from, naming it")
    func refusals() throws {
        for (target, part) in [
            (Column.Values.integers([1, nil, 1]), "Row 2"), (.integers([1, 2, 1]), "Row 2"),
            (.strings(["yes", "maybe", "no"]), "Row 2"), (.numbers([0, 0.5, 1]), "Row 2"),
        ] {
            let error = try #require(throws: MartletError.self) {
                try LabelledRows(Self.table(target), target: "y", classes: ["yes", "no"])
            }
            #expect(error.code == .invalidArgument && error.message.contains(part), "\(error)")
        }
        let good = try Self.table(.integers([0, 1, 0]))
        #expect(throws: MartletError.self) { try LabelledRows(good, target: "z") }
        #expect(throws: MartletError.self) { try LabelledRows(good, target: "y", features: []) }
        #expect(throws: MartletError.self) { try LabelledRows(good, target: "y", features: ["nope"]) }
        let text = try Table(columns: [
            Column(name: "t", values: .strings(["x", "y"])), Column(name: "y", values: .integers([0, 1])),
        ])
        let error = try #require(throws: MartletError.self) { try LabelledRows(text, target: "y") }
        #expect(error.message.contains("'t'"))
    }

    @Test("take at most the limit of classes")
    func classLimit() throws {
        let limit = LearningLimits.classes
        let table = try Table(columns: [
            Column(name: "a", values: .numbers([1])), Column(name: "y", values: .integers([0])),
        ])
        let names = (0...limit).map { "c\($0)" }
        #expect(try LabelledRows(table, target: "y", classes: Array(names.dropLast())).classes.count == limit)
        #expect(throws: MartletError.self) { try LabelledRows(table, target: "y", classes: names) }
        #expect(throws: MartletError.self) { try LabelledRows(table, target: "y", classes: ["one"]) }
    }

    @Test("are sampled without repetition, in order and repeatably")
    func sample() throws {
        let table = try Table(columns: [
            Column(name: "a", values: .numbers((0..<50).map { Double($0) })),
            Column(name: "y", values: .integers((0..<50).map { Int64($0 % 2) })),
        ])
        let rows = try LabelledRows(table, target: "y")
        let sample = rows.sample(10, seed: 3)
        #expect(sample.count == 10 && sample.values == sample.values.sorted() && Set(sample.values).count == 10)
        #expect(rows.sample(10, seed: 3) == sample && rows.sample(10, seed: 4) != sample)
        #expect(rows.sample(50, seed: 1) == rows)
        #expect(rows.selecting([99, 1, -1]).values == [1])
        #expect(try rows.featureTable().columns.map(\.name) == ["a"])
    }
}
