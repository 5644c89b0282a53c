import Core
import Runtimes
import Testing

@Suite("XGBoost files of every form walked here")
struct XGBoostFileTests {
    @Test("leaves that hold a value for every output")
    func vectorLeaves() throws {
        let cases = try GoldenFiles.json("vector-leaves.json")["cases"]?.arrayValue ?? []
        try #require(cases.count == 2)
        for one in cases {
            let own = try TreeEnsemble(try #require(one["model"]).serialized())
            let rows = GoldenFiles.rows(one["rows"])
            #expect(own.marginWidth == 3 && own.objective == one["objective"]?.stringValue)
            let margins = try own.margins(rows, count: 12)
            #expect(margins.map { Float($0) } == GoldenFiles.numbers(one["margin"]))
            let predictions = try own.predict(rows, count: 12)
            for (ours, theirs) in zip(predictions, GoldenFiles.numbers(one["predict"])) {
                #expect(abs(ours - theirs) <= 1.2e-7 * max(1, abs(theirs)))
            }
            // The library cannot explain such models, so only the sums are held against the margins.
            let values = try own.contributions(rows, count: 12)
            for (group, margin) in margins.enumerated() {
                let sum = values[group * 5..<(group + 1) * 5].reduce(0.0) { $0 + Double($1) }
                #expect(abs(sum - margin) < 1e-5)
            }
        }
    }

    @Test("leaves whose values are missing are refused")
    func damagedVectorLeaves() throws {
        let one = try #require(try GoldenFiles.json("vector-leaves.json")["cases"]?.arrayValue?.first)
        let text = try #require(one["model"]).description
        for (from, into) in [
            ("\"leaf_weights\":[", "\"leaf_weights\":[\"x\","),
            ("\"size_leaf_vector\":\"3\"", "\"size_leaf_vector\":\"4\""),
            ("\"right_children\":[2,", "\"right_children\":[-2,"),
        ] {
            let changed = text.replacing(from, with: into, maxReplacements: 1)
            try #require(changed != text)
            let error = try #require(throws: MartletError.self) { try TreeEnsemble(Array(changed.utf8)) }
            #expect(error.code == .dataLoss)
        }
    }

    @Test("what XGBoost 1.x wrote: no split types, no round ends, truth values, one base score")
    func oldForm() throws {
        var random = SeededGenerator(seed: 1)
        let bytes = RandomXGBoostModel(rounds: 6, parallel: 2, depth: 3).bytes(&random)
        let text = String(decoding: bytes, as: UTF8.self)
        let split = try Regex(#","?\n?"split_type":\[[0,]*\]"#)
        let ends = try Regex(#""iteration_indptr":\[[0-9,]*\],"#)
        let score = text.replacing("\"base_score\":\"[0.37]\"", with: "\"base_score\":\"3.7E-1\"")
        let old = score.replacing(split, with: "").replacing(ends, with: "")
            .replacing("\"attributes\":{}", with: "\"attributes\":{\"best_iteration\":\"2\"}")
        let rows = RandomTree.rows(30, &random)
        let new = try TreeEnsemble(bytes)
        #expect(try TreeEnsemble(Array(old.utf8)).margins(rows, count: 30) == new.margins(rows, count: 30))
        let best = text.replacing("\"attributes\":{}", with: "\"attributes\":{\"best_iteration\":\"2\"}")
        for form in [old, best] {
            let early = try TreeEnsemble(Array(form.utf8), stopsAtBestIteration: true).margins(rows, count: 30)
            let matrix = try XGBoostMatrix(rows, rowCount: 30, featureCount: RandomTree.features)
            let theirs = try XGBoostBooster(model: bytes).predict(matrix, .margin, iterations: 3)
            #expect(early.map { Float($0) } == theirs)
        }
    }

    @Test("the library too stops at the best iteration when that is asked for")
    func bestIteration() throws {
        var random = SeededGenerator(seed: 2)
        let text = String(decoding: RandomXGBoostModel(rounds: 6).bytes(&random), as: UTF8.self)
        let best = Array(text.replacing("\"attributes\":{}", with: "\"attributes\":{\"best_iteration\":\"2\"}").utf8)
        let rows = RandomTree.rows(30, &random)
        for stops in [true, false] {
            let own = try TreeEnsemble(best, stopsAtBestIteration: stops)
            let library = try XGBoostRuntime(best, stopsAtBestIteration: stops)
            #expect(try own.predict(rows, count: 30) == library.predict(rows, count: 30))
            let (ours, theirs) = (
                try own.contributions(rows, count: 30), try library.contributions(rows, count: 30)
            )
            #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
        }
    }

    @Test("what a model takes in memory: the own trees what they hold, the library's by the size of the file")
    func memory() throws {
        var random = SeededGenerator(seed: 2)
        let bytes = RandomXGBoostModel(rounds: 3).bytes(&random)
        #expect(try XGBoostRuntime(bytes).memoryBytes == bytes.count * RuntimesLimits.memoryPerModelByte)
        let own = try TreeEnsemble(bytes).memoryBytes
        #expect(own > 0 && own < bytes.count)
    }

    @Test("trained here, with missing values: margins equal bit by bit", arguments: ["gbtree", "dart"])
    func trained(_ booster: String) throws {
        var random = SeededGenerator(seed: 8)
        let rows = RandomTree.rows(300, &random)
        let labels = (0..<300).map { rows[$0 * 7] > 0 ? Float(1) : Float(random.index(below: 2)) }
        let matrix = try XGBoostMatrix(rows, rowCount: 300, featureCount: 7, labels: labels)
        let trained = try XGBoostBooster(
            parameters: [
                ("objective", "binary:logistic"), ("booster", booster), ("rate_drop", "0.3"), ("max_depth", "5"),
                ("nthread", "1"), ("seed", "3"), ("verbosity", "0"),
            ],
            training: matrix
        )
        for iteration in 0..<Int32(20) { try trained.update(iteration: iteration, on: matrix) }
        for format in [XGBoostBooster.Format.json, .ubj] {
            let bytes = try trained.save(format)
            let fresh = try XGBoostMatrix(rows, rowCount: 300, featureCount: 7)
            let expected = try XGBoostBooster(model: bytes).predict(fresh, .margin)
            #expect(try TreeEnsemble(bytes).margins(rows, count: 300).map { Float($0) } == expected)
        }
    }
}
