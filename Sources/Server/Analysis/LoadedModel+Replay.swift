import Core
import Ledger
import Monitoring
import Replay
import Runtimes
import Serving

extension LoadedModel {
    /// The model as replays and estimates ask it: rows of its columns in, the ledger's words out.
    ///
    /// - Parameter close: lets go of the model, when the caller has loaded it for this alone.
    /// - Returns: the model.
    func replayed(close: @escaping @Sendable () async -> Void = {}) -> ReplayModel {
        let names = inputs
        guard rows != nil else {
            return ReplayModel(version: version, columns: names, classes: [], answer: generalAnswers, close: close)
        }
        return ReplayModel(version: version, columns: names, classes: namedClasses, answer: rowAnswers, close: close)
    }

    /// The class names; their indices where the model tells several apart and gives them no names.
    private var namedClasses: [String] {
        classes.isEmpty && outputWidth > 1 ? (0..<outputWidth).map { String($0) } : classes
    }

    /// What has to be known to judge the model's predictions without labels.
    var judged: PerformanceModel {
        let classes = namedClasses
        guard rows != nil else {
            return PerformanceModel(classes: self.classes.isEmpty ? nil : self.classes, features: inputs, score: .none)
        }
        return PerformanceModel(
            classes: classes,
            features: inputs,
            score: classes.isEmpty ? .none : outputWidth == 1 ? .positive : .predicted
        )
    }

    @Sendable private func rowAnswers(_ values: [Float], _ count: Int) async throws -> [ReplayAnswer] {
        guard let rows else { return [] }
        let outputs =
            rows.placement == .own
            ? try rows.predict(values, count: count)
            : try await BlockingWork.run { try rows.predict(values, count: count) }
        return (0..<count).map { row in
            let answer = answer(outputs, row: row)
            return ReplayAnswer(
                prediction: label(of: answer) ?? answer.score.description,
                score: LedgerRecord.shortest(answer.score)
            )
        }
    }

    /// A model that takes columns gets one tensor for each, of the type that its signature says.
    @Sendable private func generalAnswers(_ values: [Float], _ count: Int) async throws -> [ReplayAnswer] {
        let fields = signature.inputs
        guard !fields.isEmpty, values.count == fields.count * count else {
            throw MartletError(
                .failedPrecondition,
                "Version \(version) of '\(model)' names no columns in its signature; only such models can be asked again."
            )
        }
        var tensors: [NamedTensor] = []
        for (position, field) in fields.enumerated() {
            let column = (0..<count).map { values[$0 * fields.count + position] }
            tensors.append(NamedTensor(field.name, try Self.tensor(column, of: field)))
        }
        let result = try await runtime.infer(ModelCall(.tensors(tensors, .columns)))
        return try Self.answers(result.content, count: count)
    }

    private static func tensor(_ column: [Float], of field: ModelSignature.Field) throws -> Tensor {
        let shape = [column.count]
        switch field.type {
        case .float: return try Tensor(shape: shape, elements: column)
        case .double: return try Tensor(shape: shape, elements: column.map(LedgerRecord.shortest))
        case .long: return try Tensor(shape: shape, elements: column.map { try whole($0, field) })
        case .integer: return try Tensor(shape: shape, elements: column.map { Int32(clamping: try whole($0, field)) })
        case .boolean: return try Tensor(.bool, shape: shape, packed: column.map { $0 != 0 ? 1 : 0 })
        default:
            throw MartletError(
                .failedPrecondition,
                "The column '\(field.name)' is no number; the ledger keeps numbers only."
            )
        }
    }

    private static func whole(_ value: Float, _ field: ModelSignature.Field) throws -> Int64 {
        if let whole = Int64(exactly: value) { return whole }
        throw MartletError(.invalidArgument, "The column '\(field.name)' takes whole numbers, not \(value).")
    }

    private static func answers(_ content: ModelResult.Content, count: Int) throws -> [ReplayAnswer] {
        guard case .tensors(let tensors, _) = content, let tensor = tensors.first?.tensor, tensor.count == count else {
            throw MartletError(.failedPrecondition, "The candidate does not answer each row with one value.")
        }
        if let numbers = tensor.doubles {
            return numbers.map { number in
                let isWhole = number.rounded() == number && abs(number) < 1e15
                return ReplayAnswer(prediction: isWhole ? "\(Int64(number))" : "\(number)", score: number)
            }
        }
        return tensor.texts.map { ReplayAnswer(prediction: String(decoding: $0, as: UTF8.self), score: 0) }
    }
}
