import Core
import Runtimes
import Testing

/// One implementation with one model: what every `ModelRuntime` must do is asked of each.
struct RuntimeCase: Sendable, CustomTestStringConvertible {
    let name: String
    let golden: String
    let make: @Sendable () throws -> any RowRuntime

    var testDescription: String { name }

    static let all: [RuntimeCase] = ["binary", "regression", "multiclass"].flatMap { kind in
        [
            RuntimeCase(name: "trees/\(kind)/json", golden: "xgboost/\(kind)") {
                try TreeEnsemble(GoldenFiles.bytes("xgboost-\(kind).json"))
            },
            RuntimeCase(name: "trees/\(kind)/ubj", golden: "xgboost/\(kind)") {
                try TreeEnsemble(GoldenFiles.bytes("xgboost-\(kind).ubj"))
            },
            RuntimeCase(name: "xgboost/\(kind)/json", golden: "xgboost/\(kind)") {
                try XGBoostRuntime(GoldenFiles.bytes("xgboost-\(kind).json"))
            },
            RuntimeCase(name: "xgboost/\(kind)/ubj", golden: "xgboost/\(kind)") {
                try XGBoostRuntime(GoldenFiles.bytes("xgboost-\(kind).ubj"))
            },
            RuntimeCase(name: "lightgbm/\(kind)", golden: "lightgbm/\(kind)") {
                try LightGBMRuntime(GoldenFiles.bytes("lightgbm-\(kind).txt"))
            },
            RuntimeCase(name: "trees/lightgbm/\(kind)", golden: "lightgbm/\(kind)") {
                try TreeEnsemble(lightGBM: GoldenFiles.bytes("lightgbm-\(kind).txt"))
            },
            RuntimeCase(name: "trees/onnx/\(kind)", golden: "onnx/\(kind)") {
                let bytes = try GoldenFiles.bytes("onnx-\(kind).onnx")
                let trees = try #require(try TreeEnsemble(onnx: bytes))
                return try ONNXRowRuntime(ONNXModelRuntime(bytes), trees: trees)
            },
            RuntimeCase(name: "onnx/\(kind)", golden: "onnx/\(kind)") {
                try ONNXRowRuntime(ONNXModelRuntime(GoldenFiles.bytes("onnx-\(kind).onnx")))
            },
        ]
    }

    /// The rows and the peer's predictions for them.
    func expected() throws -> (rows: [Float], count: Int, predictions: [Float]) {
        let cases = try GoldenFiles.json("cases.json")["cases"]?.arrayValue ?? []
        let golden = try #require(cases.first { $0["id"]?.stringValue == self.golden })
        let rows = GoldenFiles.rows(golden["rows"])
        return (rows, golden["rows"]?.arrayValue?.count ?? 0, GoldenFiles.numbers(golden["predict"]))
    }
}

@Suite("Every model runtime")
struct ModelRuntimeContract {
    @Test("predicts what the peer's Python package predicts", arguments: RuntimeCase.all)
    func matchesPeer(_ runtimeCase: RuntimeCase) throws {
        let runtime = try runtimeCase.make()
        let (rows, count, predictions) = try runtimeCase.expected()
        #expect(count == 8)
        #expect(runtime.featureCount == 6)
        #expect(runtime.outputWidth * count == predictions.count)
        let result = try runtime.predict(rows, count: count)
        try #require(result.count == predictions.count)
        for (ours, theirs) in zip(result, predictions) {
            #expect(abs(ours - theirs) <= 3e-7 * max(1, abs(theirs)))
        }
    }

    @Test("gives a row alone what it gives it in a batch", arguments: RuntimeCase.all)
    func rowEqualsBatch(_ runtimeCase: RuntimeCase) throws {
        let runtime = try runtimeCase.make()
        let (rows, count, _) = try runtimeCase.expected()
        let batch = try runtime.predict(rows, count: count)
        for row in 0..<count {
            let single = try runtime.predict(Array(rows[row * 6..<row * 6 + 6]), count: 1)
            let width = runtime.outputWidth
            for (one, many) in zip(single, batch[row * width..<(row + 1) * width]) {
                #expect(abs(one - many) <= 1e-6 * max(1, abs(many)))
            }
        }
    }

    @Test("writes into the caller's buffer and nowhere else", arguments: RuntimeCase.all)
    func writesInPlace(_ runtimeCase: RuntimeCase) throws {
        let runtime = try runtimeCase.make()
        let (rows, count, _) = try runtimeCase.expected()
        let expected = try runtime.predict(rows, count: count)
        var output = [Float](repeating: -7, count: expected.count + 2)
        try rows.withUnsafeBufferPointer { input in
            try output.withUnsafeMutableBufferPointer { buffer in
                let middle = UnsafeMutableBufferPointer(rebasing: buffer[1..<buffer.count - 1])
                try runtime.predict(input, count: count, into: middle)
            }
        }
        #expect(output.first == -7 && output.last == -7)
        #expect(Array(output.dropFirst().dropLast()) == expected)
    }

    @Test("refuses buffers of the wrong size", arguments: RuntimeCase.all)
    func refusesSizes(_ runtimeCase: RuntimeCase) throws {
        let runtime = try runtimeCase.make()
        for (size, count) in [(5, 1), (7, 1), (6, 2), (12, 1), (6, -1), (6, Int.max), (0, 1)] {
            let error = try #require(throws: MartletError.self) {
                try runtime.predict([Float](repeating: 0, count: size), count: count)
            }
            #expect(error.code == .invalidArgument)
        }
        #expect(try runtime.predict([], count: 0).isEmpty)
        let row = [Float](repeating: 0, count: 6)
        var short = [Float](repeating: 0, count: runtime.outputWidth + 1)
        #expect(throws: MartletError.self) {
            try row.withUnsafeBufferPointer { input in
                try short.withUnsafeMutableBufferPointer { try runtime.predict(input, count: 1, into: $0) }
            }
        }
    }

    @Test("serves many threads at once", arguments: RuntimeCase.all)
    func isThreadSafe(_ runtimeCase: RuntimeCase) async throws {
        let runtime = try runtimeCase.make()
        let (rows, count, _) = try runtimeCase.expected()
        let expected = try runtime.predict(rows, count: count)
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await BlockingWork.run {
                        var wrong = 0
                        for _ in 0..<50 where try runtime.predict(rows, count: count) != expected { wrong += 1 }
                        return wrong
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test("refuses bytes that are no model", arguments: [[UInt8](), Array("{}".utf8), [0, 1, 2, 3, 0xFF]])
    func refusesGarbage(_ bytes: [UInt8]) {
        #expect(throws: MartletError.self) { try TreeEnsemble(bytes) }
        #expect(throws: MartletError.self) { try XGBoostRuntime(bytes) }
        #expect(throws: MartletError.self) { try LightGBMRuntime(bytes) }
        #expect(throws: MartletError.self) { try ONNXModelRuntime(bytes) }
    }
}
