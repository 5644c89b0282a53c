import Core
import Runtimes
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Limits of loading models")
struct LimitTests {
    private static let mlModel = "flavors:\n  xgboost:\n    data: model.ubj\n"

    private static func martletFile(_ checksums: Int) -> [UInt8] {
        let sums = (0..<checksums).map { ("file\($0)", JSONValue.string(String(repeating: "0", count: 64))) }
        let json: JSONValue = [
            "format": 1, "flavor": "xgboost", "file": "model.ubj", "reference": "reference.csv",
            "signature": ["inputs": [], "outputs": []], "checksums": .object(JSONObject(sums)),
        ]
        return json.serialized()
    }

    @Test("A description at the limit is read, one byte more is refused")
    func descriptionBytes() throws {
        for (extra, isRead) in [(0, true), (1, false)] {
            let folder = try TemporaryFolder()
            let padding = RuntimesLimits.descriptionBytes + extra - Self.mlModel.utf8.count - 1
            try folder.write("MLmodel", (Self.mlModel + "#" + String(repeating: "x", count: padding)).utf8)
            if isRead {
                #expect(try ModelDirectory.open(folder.path).file == "model.ubj")
            } else {
                let error = try #require(throws: MartletError.self) { try ModelDirectory.open(folder.path) }
                #expect(error.code == .payloadTooLarge)
            }
        }
    }

    @Test("Model and reference files past their limits are refused before they are read")
    func fileBytes() throws {
        let folder = try TemporaryFolder()
        try folder.write("MLmodel", Self.mlModel.utf8)
        try folder.write("martlet.json", Self.martletFile(0))
        for (name, size) in [
            ("model.ubj", RuntimesLimits.modelBytes + 1), ("reference.csv", RuntimesLimits.referenceBytes + 1),
        ] {
            try folder.write(name, [UInt8(ascii: "a")])
            // A sparse file: large by its size, empty on the disk.
            try #require(truncate("\(folder.path)/\(name)", size) == 0)
        }
        let directory = try ModelDirectory.open(folder.path)
        for load in [{ _ = try directory.loadRuntime() }, { _ = try directory.reference() }] {
            let error = try #require(throws: MartletError.self) { try load() }
            #expect(error.code == .payloadTooLarge)
        }
    }

    @Test("The list of checksums is bounded")
    func checksummedFiles() throws {
        for (extra, code) in [(0, MartletError.Code.dataLoss), (1, .invalidArgument)] {
            let folder = try TemporaryFolder()
            try folder.write("MLmodel", Self.mlModel.utf8)
            try folder.write("martlet.json", Self.martletFile(RuntimesLimits.checksummedFiles + extra))
            let error = try #require(throws: MartletError.self) { try ModelDirectory.open(folder.path) }
            #expect(error.code == code)
        }
    }

    private static func model(features: Int, classes: Int, trees: Int) -> [UInt8] {
        let zeros = Array(repeating: "0", count: trees).joined(separator: ",")
        return Array(
            """
            {"learner":{"learner_model_param":{"base_score":"0.5","num_class":"\(classes)","num_feature":"\(features)"},
            "objective":{"name":"multi:softprob"},
            "gradient_booster":{"name":"gbtree","model":{"trees":[\(zeros)],"tree_info":[\(zeros)]}}}}
            """.utf8
        )
    }

    @Test("Features, classes and trees are bounded")
    func modelSizes() throws {
        let (features, outputs) = (RuntimesLimits.features, RuntimesLimits.outputs)
        #expect(try TreeEnsemble(Self.model(features: features, classes: 2, trees: 0)).featureCount == features)
        #expect(try TreeEnsemble(Self.model(features: 1, classes: outputs, trees: 0)).outputWidth == outputs)
        for bytes in [
            Self.model(features: features + 1, classes: 2, trees: 0),
            Self.model(features: 1, classes: outputs + 1, trees: 0),
        ] {
            #expect(throws: MartletError.self) { try TreeEnsemble(bytes) }
        }
        for (count, part) in [(RuntimesLimits.trees, "trees[0]"), (RuntimesLimits.trees + 1, "more than")] {
            let error = try #require(throws: MartletError.self) {
                try TreeEnsemble(Self.model(features: 1, classes: 2, trees: count))
            }
            #expect(error.message.contains(part), "\(error.message)")
        }
    }

    @Test("A model without trees answers its base score")
    func noTrees() throws {
        let ensemble = try TreeEnsemble(Self.model(features: 1, classes: 4, trees: 0))
        #expect(try ensemble.predict([1, 2], count: 2) == Array(repeating: 0.25, count: 8))
    }

    @Test("A pool keeps idle predictors up to the limit and reuses them")
    func idlePredictors() {
        let pool = PredictorPool<Int>()
        for number in 0...RuntimesLimits.idlePredictors { pool.give(back: number) }
        #expect(pool.idleCount == RuntimesLimits.idlePredictors)
        #expect(pool.take { -1 } == RuntimesLimits.idlePredictors - 1)
        #expect(pool.idleCount == RuntimesLimits.idlePredictors - 1)
        #expect(PredictorPool<Int>().take { -1 } == -1)
    }
}
