import Core
import Runtimes
import Testing

@Suite("The own tree walker")
struct TreeEnsembleTests {
    private static let binary = ["xgboost-binary.json", "xgboost-binary.ubj"]

    @Test("is equal to the library bit by bit before the link function")
    func bitEqual() throws {
        let bytes = try GoldenFiles.bytes("xgboost-regression.json")
        let (own, library) = (try TreeEnsemble(bytes), try XGBoostRuntime(bytes))
        var random = SeededGenerator(seed: 4)
        let rows = (0..<6 * 500).map { _ in random.uniform() < 0.1 ? Float.nan : Float(random.normal()) }
        #expect(try own.predict(rows, count: 500) == library.predict(rows, count: 500))
    }

    @Test("takes infinities, missing values and thresholds as the library does")
    func edges() throws {
        let bytes = try GoldenFiles.bytes("xgboost-binary.json")
        let (own, library) = (try TreeEnsemble(bytes), try XGBoostRuntime(bytes))
        let threshold: Float = 0.021
        let values: [Float] = [
            .infinity, -.infinity, .nan, threshold, threshold.nextUp, threshold.nextDown, -0.0, 1e38,
        ]
        for value in values {
            let row = [Float](repeating: value, count: 6)
            #expect(try own.predict(row, count: 1) == library.predict(row, count: 1), "\(value)")
        }
    }

    @Test("stops at the best iteration where the scikit-learn class would")
    func bestIteration() throws {
        let bytes = try GoldenFiles.bytes("early-stopped.ubj")
        let golden = try GoldenFiles.json("early-stopped.expected.json")
        let rows = GoldenFiles.rows(golden["rows"])
        for (stops, key) in [(true, "predict"), (false, "all")] {
            let result = try TreeEnsemble(bytes, stopsAtBestIteration: stops).predict(rows, count: 8)
            for (ours, theirs) in zip(result, GoldenFiles.numbers(golden[key])) { #expect(abs(ours - theirs) < 3e-7) }
        }
        #expect(golden["predict"] != golden["all"])
    }

    @Test("reads the base score of XGBoost before 3.1")
    func oldBaseScore() throws {
        let text = String(decoding: try GoldenFiles.bytes("xgboost-binary.json"), as: UTF8.self)
        let old = text.replacing("\"[5.1E-1]\"", with: "\"5.1E-1\"")
        #expect(old != text)
        let row = [Float](repeating: 0.3, count: 6)
        let (ours, expected) = (try TreeEnsemble(Array(old.utf8)), try TreeEnsemble(Array(text.utf8)))
        #expect(try ours.predict(row, count: 1) == expected.predict(row, count: 1))
    }

    @Test("leaves boosters and objectives that it does not know to the library")
    func unsupported() throws {
        let text = String(decoding: try GoldenFiles.bytes("xgboost-binary.json"), as: UTF8.self)
        let other = text.replacing("binary:logistic", with: "reg:tomorrow")
        let linear = text.replacing("\"name\":\"gbtree\"", with: "\"name\":\"gblinear\"")
        for changed in [other, linear] {
            try #require(changed != text)
            let error = try #require(throws: MartletError.self) { try TreeEnsemble(Array(changed.utf8)) }
            #expect(error.code == .unimplemented)
        }
    }

    @Test("finds damage also in a model that only the library runs")
    func unsupportedAndDamaged() throws {
        let text = String(decoding: try GoldenFiles.bytes("dart.json"), as: UTF8.self)
        let changed = text.replacing("\"left_children\":[1,", with: "\"left_children\":[9,", maxReplacements: 1)
        try #require(changed != text)
        for bytes in [Array(changed.utf8), Array(text.utf8.dropLast(2)), []] {
            let error = try #require(throws: MartletError.self) { try XGBoostRuntime(bytes) }
            #expect(error.code == .dataLoss)
        }
    }

    @Test(
        "refuses a model whose trees are damaged, and says so",
        arguments: [
            ("\"left_children\":[1,", "\"left_children\":[0,", "outside the tree"),
            ("\"left_children\":[1,", "\"left_children\":[99,", "outside the tree"),
            ("\"left_children\":[1,", "\"left_children\":[1.5,", "outside the tree"),
            ("\"left_children\":[1,3,", "\"left_children\":[1,1,", "twice"),
            ("\"right_children\":[2,", "\"right_children\":[1,", "outside the tree"),
            ("\"right_children\":[2,", "\"right_children\":[-1,", "outside the tree"),
            ("\"right_children\":[2,", "\"right_children\":[", "differ in length"),
            ("\"split_indices\":[0,", "\"split_indices\":[6,", "splits the feature"),
            ("\"split_indices\":[0,", "\"split_indices\":[-1,", "splits the feature"),
            ("\"split_conditions\":[0.021,", "\"split_conditions\":[NaN,", "threshold"),
            ("\"base_score\":\"[5.1E-1]\"", "\"base_score\":\"[1.5]\"", "not a probability"),
            ("\"base_score\":\"[5.1E-1]\"", "\"base_score\":\"[0.1,0.2]\"", "does not fit"),
            ("\"num_feature\":\"6\",\"num_target\"", "\"num_feature\":\"-6\",\"num_target\"", "num_feature"),
            ("\"tree_info\":[0,", "\"tree_info\":[1,", "belongs to the output"),
            ("\"tree_info\":[0,", "\"tree_info\":[", "do not match"),
        ]
    )
    func damaged(_ from: String, _ into: String, _ expected: String) throws {
        let text = String(decoding: try GoldenFiles.bytes("xgboost-binary.json"), as: UTF8.self)
        let changed = text.replacing(from, with: into, maxReplacements: 1)
        try #require(changed != text)
        let error = try #require(throws: MartletError.self) { try TreeEnsemble(Array(changed.utf8)) }
        #expect(error.code == .dataLoss)
        #expect(error.message.contains(expected), "\(error.message)")
    }

    @Test("refuses every cut of a model file", arguments: binary)
    func truncated(_ name: String) throws {
        let bytes = try GoldenFiles.bytes(name)
        for end in stride(from: 0, to: bytes.count, by: 37) {
            #expect(throws: MartletError.self) { try TreeEnsemble(Array(bytes[..<end])) }
        }
    }

    @Test("never crashes on a changed model file: it is refused, or it predicts", arguments: binary)
    func mutated(_ name: String) throws {
        let bytes = try GoldenFiles.bytes(name)
        let rows = [Float](repeating: .nan, count: 12)
        var random = SeededGenerator(seed: 11)
        var (refused, loaded) = (0, 0)
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0...random.index(below: 4) {
                changed[random.index(below: changed.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            do {
                let ensemble = try TreeEnsemble(changed)
                let width = ensemble.featureCount
                if width <= 6 { _ = try ensemble.predict(Array(rows.prefix(width)), count: 1) }
                loaded += 1
            } catch let error as MartletError {
                #expect(error.code == .dataLoss || error.code == .unimplemented, "\(error)")
                refused += 1
            }
        }
        #expect(refused > 0 && loaded > 0)
    }

    @Test("refuses a document nested past the limit, in both forms")
    func depth() {
        let deep = RuntimesLimits.documentDepth + 1
        let text = String(repeating: "[", count: deep) + String(repeating: "]", count: deep)
        let json = Array("{\"learner\":\(text)}".utf8)
        var ubj = Array("{".utf8) + [0x4C, 0, 0, 0, 0, 0, 0, 0, 1] + Array("a".utf8)
        ubj += [UInt8](repeating: UInt8(ascii: "["), count: deep)
        for bytes in [json, ubj] {
            #expect(throws: MartletError.self) { try TreeEnsemble(bytes) }
        }
    }

    @Test("does not believe a length that the file cannot hold")
    func hugeLength() throws {
        let head = Array("{".utf8) + [0x4C, 0, 0, 0, 0, 0, 0, 0, 1] + Array("a".utf8)
        for tail in ["[$d#", "[#", "S"] {
            let bytes = head + Array(tail.utf8) + [0x4C, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
            let error = try #require(throws: MartletError.self) { try TreeEnsemble(bytes) }
            #expect(error.code == .dataLoss && error.message.contains("longer than the file"))
        }
    }
}
