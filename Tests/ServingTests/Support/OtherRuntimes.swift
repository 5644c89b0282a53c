import Core
import Foundation
import HTTPTypes
import Runtimes
import Serving
import Synchronization

/// Takes whole numbers `ids` and texts `words` by name, and gives twice the numbers, the texts in capitals and halves.
struct WordRuntime: ModelRuntime {
    let name = "words"
    let inputs = [TensorSpec("ids", .int64, [-1]), TensorSpec("words", .bytes, [-1])]
    let outputs = [
        TensorSpec("doubled", .int64, [-1]), TensorSpec("capitals", .bytes, [-1]), TensorSpec("halves", .float16, [-1]),
    ]
    let placement = RuntimePlacement.own
    let memoryBytes = 64

    func infer(_ call: ModelCall) async throws -> ModelResult {
        guard case .tensors(let tensors, .named) = call.input, tensors.count == 2,
            let ids = tensors[0].tensor.elements(Int64.self)
        else { throw MartletError(.invalidArgument, "The model takes 'ids' and 'words'.") }
        let capitals = tensors[1].tensor.texts.map { Array(String(decoding: $0, as: UTF8.self).uppercased().utf8) }
        let halves = try Tensor(shape: [ids.count], elements: ids.map { Float($0) / 2 }).converted(to: .float16)
        let all = [
            NamedTensor("doubled", try Tensor(shape: [ids.count], elements: ids.map { $0 * 2 })),
            NamedTensor("capitals", try Tensor(shape: [capitals.count], texts: capitals)),
            NamedTensor("halves", halves),
        ]
        let wanted = call.outputs.flatMap { $0.isEmpty ? nil : $0 }
        return ModelResult(.tensors(all.filter { wanted?.contains($0.name) ?? true }, .named))
    }
}

/// Gives back the table that it is given, and remembers the call; objects come back as they are.
final class TableRuntime: ModelRuntime {
    let name = "table"
    let inputs: [TensorSpec] = []
    let outputs: [TensorSpec] = []
    let placement = RuntimePlacement.process
    let memoryBytes = 64
    let last = Mutex<ModelCall?>(nil)

    func infer(_ call: ModelCall) async throws -> ModelResult {
        last.withLock { $0 = call }
        switch call.input {
        case .tensors(let tensors, let layout): return ModelResult(.tensors(tensors, layout))
        case .json(let value): return ModelResult(.json(value))
        case .rows(let values, let count): return ModelResult(.rows(values, count: count))
        }
    }
}

extension ServingHarness {
    /// A deployment `cancer` of one version of any runtime.
    static func serving(
        _ runtime: any ModelRuntime,
        signature: ModelSignature = ModelSignature(inputs: [], outputs: []),
        classes: [String] = [],
        reference: Table? = nil
    ) async throws -> ServingHarness {
        let harness = try await ServingHarness()
        let model = try LoadedModel(
            model: "cancer",
            version: 1,
            runtime: runtime,
            signature: signature,
            classes: classes,
            threshold: 0.5,
            reference: reference
        )
        harness.registry.state.withLock {
            $0.versions[1] = { model }
            $0.alias = 1
        }
        try await harness.apply()
        return harness
    }
}

extension ModelSignature {
    /// A person: age, name, an optional score, when they came, and tags.
    static let person = ModelSignature(
        inputs: [
            Field(name: "age", type: .long), Field(name: "name", type: .string),
            Field(name: "score", type: .double, isRequired: false),
            Field(name: "came", type: .datetime, isRequired: false),
            Field(name: "tags", schema: .array(.scalar(.string)), isRequired: false),
        ],
        outputs: [],
        params: [ParameterSpec("scale", .scalar(.double), default: .number(1))]
    )
}

extension HTTPField.Name {
    /// `Inference-Header-Content-Length`.
    static let headerLength = HTTPField.Name("Inference-Header-Content-Length") ?? .contentLength
}
