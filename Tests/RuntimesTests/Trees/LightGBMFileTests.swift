import Core
import Runtimes
import Testing

@Suite("LightGBM files walked here")
struct LightGBMFileTests {
    private static let files = ["lightgbm-binary.txt", "lightgbm-regression.txt", "lightgbm-multiclass.txt"]

    @Test("give what the library gives, missing values and infinities included", arguments: files)
    func equal(_ file: String) throws {
        let bytes = try GoldenFiles.bytes(file)
        let (own, library) = (try TreeEnsemble(lightGBM: bytes), try LightGBMRuntime(bytes))
        #expect(own.featureNames.count == own.featureCount && !own.objective.isEmpty)
        var random = SeededGenerator(seed: 4)
        var rows = (0..<6 * 300).map { _ in random.uniform() < 0.1 ? Float.nan : Float(random.normal()) }
        (rows[0], rows[7]) = (.infinity, -.infinity)
        let (ours, theirs) = (try own.predict(rows, count: 300), try library.predict(rows, count: 300))
        try #require(ours.count == theirs.count)
        for (one, other) in zip(ours, theirs) { #expect(abs(one - other) <= 1.2e-7 * max(1, abs(other))) }
    }

    @Test(
        "are refused when damaged, also for the library, with the reason",
        arguments: [
            ("left_child=1 ", "left_child=99 ", "outside the tree"),
            ("left_child=1 ", "left_child=0 ", "twice"),
            ("left_child=1 ", "left_child=-99 ", "outside the tree"),
            ("left_child=1 ", "left_child=x ", "left_child"),
            ("left_child=1 ", "left_child=99999999999999999999 ", "left_child"),
            ("left_child=1 ", "left_child=", "differ in length"),
            ("decision_type=2 ", "decision_type=14 ", "decision type"),
            ("decision_type=2 ", "decision_type=3 ", "categories"),
            ("threshold=", "threshold=x", "threshold"),
            ("split_feature=1 ", "split_feature=6 ", "splits the feature"),
            ("split_feature=1 ", "split_feature=-1 ", "splits the feature"),
            ("num_leaves=", "num_leaves=1", "differ in length"),
            ("max_feature_idx=5", "max_feature_idx=-1", "max_feature_idx"),
            ("max_feature_idx=5", "max_feature_idx=4", "feature"),
            ("max_feature_idx=5", "max_nothing=5", "max_feature_idx"),
            ("num_tree_per_iteration=1", "num_tree_per_iteration=2", "do not fit"),
            ("end of trees", "end of woods", "trees are missing"),
            ("tree\n", "bush\n", "begin with"),
        ]
    )
    func damaged(_ from: String, _ into: String, _ expected: String) throws {
        let text = String(decoding: Self.model, as: UTF8.self)
        let changed = text.replacing(from, with: into, maxReplacements: 1)
        try #require(changed != text)
        for load in [{ _ = try TreeEnsemble(lightGBM: $0) }, { _ = try LightGBMRuntime($0) }]
            as [([UInt8]) throws -> Void]
        {
            let error = try #require(throws: MartletError.self) { try load(Array(changed.utf8)) }
            #expect(error.code == .dataLoss)
            #expect(error.message.contains(expected), "\(error.message)")
        }
    }

    /// Two trees of three leaves.
    private static let model = Array(
        """
        tree
        version=v4
        num_class=1
        num_tree_per_iteration=1
        label_index=0
        max_feature_idx=5
        objective=regression
        feature_names=a b c d e f
        feature_infos=none none none none none none

        Tree=0
        num_leaves=3
        num_cat=0
        split_feature=1 2
        split_gain=1 1
        threshold=0.5 -0.25
        decision_type=2 2
        left_child=1 -1
        right_child=-3 -2
        leaf_value=1 2 3
        leaf_weight=1 1 1
        leaf_count=1 1 1
        internal_value=0 0
        internal_weight=3 2
        internal_count=3 2
        is_linear=0
        shrinkage=1


        Tree=1
        num_leaves=1
        num_cat=0
        split_feature=
        split_gain=
        threshold=
        decision_type=
        left_child=
        right_child=
        leaf_value=0.5
        leaf_weight=
        leaf_count=3
        internal_value=
        internal_weight=
        internal_count=
        is_linear=0
        shrinkage=1


        end of trees

        """.utf8
    )

    @Test("leave linear trees and unknown objectives to the library")
    func unsupported() throws {
        let text = String(decoding: Self.model, as: UTF8.self)
        #expect(try TreeEnsemble(lightGBM: Self.model).predict([0, 0, 0, 0, 0, 0], count: 1) == [2.5])
        for (from, into) in [("is_linear=0", "is_linear=1"), ("objective=regression", "objective=tomorrow")] {
            let error = try #require(throws: MartletError.self) {
                try TreeEnsemble(lightGBM: Array(text.replacing(from, with: into).utf8))
            }
            #expect(error.code == .unimplemented)
        }
    }

    @Test("never crash when changed or cut: they are refused, or they predict", arguments: files)
    func mutated(_ file: String) throws {
        let bytes = try GoldenFiles.bytes(file)
        var random = SeededGenerator(seed: 11)
        var (refused, loaded) = (0, 0)
        for round in 0..<250 {
            var changed = bytes
            for _ in 0...random.index(below: 4) {
                changed[random.index(below: changed.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if round % 10 == 0 { changed.removeLast(random.index(below: changed.count)) }
            do {
                let own = try TreeEnsemble(lightGBM: changed)
                if own.featureCount <= 6 {
                    _ = try own.predict([Float](repeating: .nan, count: own.featureCount), count: 1)
                }
                loaded += 1
            } catch let error as MartletError {
                #expect(error.code == .dataLoss || error.code == .unimplemented, "\(error)")
                refused += 1
            }
        }
        #expect(refused > 0 && loaded > 0)
    }
}
