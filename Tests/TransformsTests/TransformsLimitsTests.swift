import Core
import Testing
import Transforms

@Suite("Limits of transforms")
struct TransformsLimitsTests {
    private func texts(_ count: Int) -> Column { Column(name: "c", values: .strings((0..<count).map { "v\($0)" })) }

    private func fits(_ spec: TransformSpec, _ columns: [Column]) -> Bool {
        do {
            _ = try FittedTransform.fit(spec, Table(columns: columns), target: "y")
            return true
        } catch {
            return false
        }
    }

    @Test("Steps, names and categories at the limit and past it")
    func declared() throws {
        let steps = { (count: Int) in Array(repeating: ["drop": ["a"]] as JSONValue, count: count) }
        #expect(
            try TransformSpec.parse(steps: steps(TransformsLimits.steps), path: "t").steps.count
                == TransformsLimits.steps
        )
        #expect(throws: MartletError.self) {
            try TransformSpec.parse(steps: steps(TransformsLimits.steps + 1), path: "t")
        }
        let rename = { (count: Int) in ["rename": ["a": .string(String(repeating: "x", count: count))]] as JSONValue }
        _ = try TransformSpec.parse(steps: [rename(TransformsLimits.nameBytes)], path: "t")
        #expect(throws: MartletError.self) {
            try TransformSpec.parse(steps: [rename(TransformsLimits.nameBytes + 1)], path: "t")
        }
        let names = { (count: Int) in JSONValue.array((0..<count).map { .string("n\($0)") }) }
        _ = try TransformSpec.parse(steps: [["select": names(TransformsLimits.columns)]], path: "t")
        #expect(throws: MartletError.self) {
            try TransformSpec.parse(steps: [["select": names(TransformsLimits.columns + 1)]], path: "t")
        }
    }

    @Test("Categories found in rows")
    func categories() throws {
        let spec = try TransformSpec.parse(steps: [["encode": ["columns": ["c"], "method": "one_hot"]]], path: "t")
        #expect(fits(spec, [texts(TransformsLimits.categories)]))
        #expect(!fits(spec, [texts(TransformsLimits.categories + 1)]))
    }

    @Test("Folds of encoding by the target")
    func folds() throws {
        let spec = try TransformSpec.parse(steps: [["encode": ["columns": ["c"], "method": "target"]]], path: "t")
        let rows = TransformsLimits.folds * 4
        let table = try Table(columns: [
            Column(name: "c", values: .strings(Array(repeating: "x", count: rows))),
            Column(name: "y", values: .numbers((0..<rows).map(Double.init))),
        ])
        let own = try FittedTransform.fitting(spec, table, target: "y").training["c"]?.numbers ?? []
        #expect(Set(own).count == TransformsLimits.folds)
    }
}
