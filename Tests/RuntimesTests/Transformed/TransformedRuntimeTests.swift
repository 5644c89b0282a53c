import Core
import Runtimes
import Testing
import Transforms

/// A model that adds up what it is given.
private struct Sum: RowRuntime {
    let featureCount: Int
    let name = "sum"
    let placement = RuntimePlacement.own
    let memoryBytes = 1
    let outputWidth = 1

    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        for row in 0..<count {
            output[row] = (0..<featureCount).reduce(0) { sum, column in
                let value = rows[row * featureCount + column]
                return sum + (value.isNaN ? 100 : value)
            }
        }
    }
}

@Suite("Models behind a recorded transform")
struct TransformedRuntimeTests {
    private static let table = try? Table(columns: [
        Column(name: "size", values: .numbers([1, 2, 3, .nan])),
        Column(name: "town", values: .strings(["Bern", "Chur", nil, "Bern"])),
    ])

    private static let codes = [TransformStep.encode(.names(["town"]), .ordinal(order: []), .ignore)]

    private static func transform(_ steps: [TransformStep], _ names: [String]) throws -> FittedTransform {
        let table = try Table(columns: try #require(table).columns.filter { names.contains($0.name) })
        return try FittedTransform.fit(TransformSpec(steps: steps), table)
    }

    @Test("take rows of numbers where all raw columns are numbers")
    func rows() throws {
        let transform = try Self.transform([.scale(.names(["size"]), .minMax)], ["size"])
        let runtime = try TransformedRows(transform, Sum(featureCount: 1))
        #expect(runtime.featureCount == 1 && runtime.outputWidth == 1 && runtime.placement == .own)
        #expect(try runtime.predict([1, 2, 3, 5, .nan], count: 5) == [0, 0.5, 1, 2, 100])
        #expect(throws: MartletError.self) { try runtime.predict([1, 2, 3], count: 2) }
    }

    @Test("take columns of numbers and text")
    func columns() async throws {
        let transform = try Self.transform(Self.codes, ["size", "town"])
        let runtime = try TransformedColumns(transform, Sum(featureCount: 2))
        #expect(runtime.inputs.map(\.name) == ["size", "town"])
        // In any order, and an empty text is a missing one.
        let call = ModelCall(
            .tensors(
                [
                    NamedTensor("town", try Tensor(shape: [4], strings: ["Bern", "Chur", "Rom", ""])),
                    NamedTensor("size", try Tensor(shape: [4], elements: [1.0, 2, 3, .nan])),
                ],
                .columns
            )
        )
        let result = try await runtime.infer(call)
        #expect(result.content == .rows([1, 3, 103, 200], count: 4))
        await #expect(throws: MartletError.self) { try await runtime.infer(ModelCall(.rows([1, 2], count: 1))) }
        let lacking = ModelCall(.tensors([NamedTensor("size", try Tensor(shape: [1], elements: [1.0]))], .columns))
        await #expect(throws: MartletError.self) { try await runtime.infer(lacking) }
    }

    @Test("must fit the model")
    func misfit() throws {
        let transform = try Self.transform(Self.codes, ["size", "town"])
        #expect(throws: MartletError.self) { try TransformedColumns(transform, Sum(featureCount: 3)) }
        let text = try Self.transform([], ["size", "town"])
        #expect(throws: MartletError.self) { try TransformedRows(text, Sum(featureCount: 2)) }
    }
}
