import Core
import Foundation
import Runtimes
import Testing

@Suite("Tree ensembles in ONNX graphs")
struct ONNXEnsembleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let model: [UInt8]
        let isTaken: Bool
        let rows: [Float]
        let count: Int
        let expected: [Float]

        var testDescription: String { name }
    }

    static func cases() throws -> [Case] {
        try (GoldenFiles.json("onnx-trees.json")["cases"]?.arrayValue ?? []).map { value in
            let model = Data(base64Encoded: value["model"]?.stringValue ?? "") ?? Data()
            return Case(
                name: value["name"]?.stringValue ?? "",
                model: Array(model),
                isTaken: value["taken"]?.boolValue ?? false,
                rows: GoldenFiles.rows(value["rows"]),
                count: value["rows"]?.arrayValue?.count ?? 0,
                expected: GoldenFiles.numbers(value["expected"])
            )
        }
    }

    @Test("as the converters export them give what ONNX Runtime gives, or are left to it")
    func equal() throws {
        let cases = try Self.cases()
        #expect(cases.count >= 18)
        for one in cases {
            let own = try TreeEnsemble(onnx: one.model)
            #expect((own != nil) == one.isTaken, "\(one.name)")
            guard let own else { continue }
            let ours = try own.predict(one.rows, count: one.count)
            try #require(ours.count == one.expected.count, "\(one.name)")
            for (value, theirs) in zip(ours, one.expected) {
                #expect(abs(value - theirs) <= 1.2e-7 * max(1, abs(theirs)), "\(one.name): \(value) is not \(theirs)")
            }
        }
    }

    @Test("never crash when changed: they are refused, left to ONNX Runtime, or they predict")
    func mutated() throws {
        var random = SeededGenerator(seed: 3)
        var (refused, loaded) = (0, 0)
        for one in try Self.cases() where one.isTaken {
            for _ in 0..<60 {
                var changed = one.model
                for _ in 0...random.index(below: 4) {
                    changed[random.index(below: changed.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                do {
                    guard let own = try TreeEnsemble(onnx: changed), own.featureCount == 4 else { continue }
                    _ = try own.predict(Array(one.rows.prefix(4)), count: 1)
                    loaded += 1
                } catch let error as MartletError {
                    #expect(error.code == .dataLoss || error.code == .unimplemented, "\(error)")
                    refused += 1
                }
            }
        }
        #expect(refused > 0 && loaded > 0)
    }

    @Test("are refused or left to ONNX Runtime when cut")
    func truncated() throws {
        let model = try #require(try Self.cases().first).model
        for end in stride(from: 0, to: model.count, by: 41) {
            do {
                #expect(try TreeEnsemble(onnx: Array(model[..<end])) == nil)
            } catch let error as MartletError {
                #expect(error.code == .dataLoss)
            }
        }
    }
}
