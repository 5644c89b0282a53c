import Core
import Ledger
import Runtimes

/// What a request asked and what was answered, as far as the ledger needs it.
enum LedgerValues: Sendable {
    /// Rows of numbers, row-major.
    case rows(features: [Float], outputs: [Float])
    /// Anything else: numbers where every input is one, the answers as text, and the call while another version is to
    /// score it too.
    case general(features: [[Float]], answers: [GeneralAnswer], call: ModelCall?)

    /// Makes the values of an answered call; `isShadowed` tells whether another version scores it too.
    init(_ call: ModelCall, _ content: ModelResult.Content, of model: LoadedModel, count: Int, isShadowed: Bool) {
        if case .rows(let features, _) = call.input, case .rows(let outputs, _) = content {
            self = .rows(features: features, outputs: outputs)
        } else {
            self = .general(
                features: Self.features(call.input, count: count),
                answers: GeneralAnswer.all(in: content, of: model, count: count),
                call: isShadowed ? call : nil
            )
        }
    }

    /// Numbers that are kept, which bounds the queue's memory.
    var weight: Int {
        switch self {
        case .rows(let features, let outputs): features.count + outputs.count
        case .general(let features, let answers, let call):
            features.reduce(0) { $0 + $1.count } + answers.count * GeneralAnswer.weight + (call?.input.weight ?? 0)
        }
    }

    /// The rows' numbers when every input is a number and a row is not too long; else no row at all.
    private static func features(_ input: ModelInput, count: Int) -> [[Float]] {
        switch input {
        case .json: return []
        case .rows(let values, _):
            guard count > 0, values.count % count == 0 else { return [] }
            let width = values.count / count
            return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
        case .tensors(let tensors, _):
            guard count > 0 else { return [] }
            var columns: [(width: Int, values: [Float])] = []
            for named in tensors {
                let (width, rest) = named.tensor.count.quotientAndRemainder(dividingBy: count)
                guard rest == 0, width <= ServingLimits.ledgerValuesPerRow, let values = named.tensor.floats else {
                    return []
                }
                columns.append((width, values))
            }
            guard columns.reduce(0, { $0 + $1.width }) <= ServingLimits.ledgerValuesPerRow else { return [] }
            return (0..<count).map { row in
                columns.flatMap { column in column.values[row * column.width..<(row + 1) * column.width] }
            }
        }
    }
}

/// The answer to one row of a model that does not answer in rows of numbers.
struct GeneralAnswer: Sendable, Equatable {
    /// What an answer counts for in the queue's memory, in numbers.
    static let weight = 16

    /// The answer in short: a text, a number, or the beginning of a list.
    let prediction: String
    /// The number, when the answer is one; else 0.
    let score: Double

    /// One answer for each row; empty when the model's answer cannot be told apart by rows.
    static func all(in content: ModelResult.Content, of model: LoadedModel, count: Int) -> [GeneralAnswer] {
        switch content {
        case .rows(let values, _) where model.outputWidth > 0 && values.count == count * model.outputWidth:
            return (0..<count).map { row in
                let answer = model.answer(values, row: row)
                guard let label = model.label(of: answer) else { return of([Double(answer.score)]) }
                return GeneralAnswer(prediction: cut(label), score: Double(answer.score))
            }
        case .rows(let values, _):
            guard count > 0, values.count % count == 0 else { return [] }
            let width = values.count / count
            return (0..<count).map { row in of(values[row * width..<(row + 1) * width].map { Double($0) }) }
        case .tensors(let tensors, _):
            guard count > 0, let tensor = tensors.first?.tensor, tensor.count % count == 0 else { return [] }
            let width = tensor.count / count
            if let numbers = tensor.doubles {
                return (0..<count).map { row in of(Array(numbers[row * width..<(row + 1) * width])) }
            }
            let texts = tensor.texts
            return (0..<count).map { row in
                let text = texts[row * width..<(row + 1) * width].map { String(decoding: $0, as: UTF8.self) }
                return GeneralAnswer(prediction: cut(text.joined(separator: ",")), score: 0)
            }
        case .json(let value):
            return count == 1 ? [GeneralAnswer(prediction: cut(value.description), score: 0)] : []
        }
    }

    private static func of(_ numbers: [Double]) -> GeneralAnswer {
        if numbers.count == 1, let number = numbers.first, number.isFinite {
            let isWhole = number.rounded() == number && abs(number) < 1e15
            return GeneralAnswer(prediction: isWhole ? "\(Int64(number))" : "\(number)", score: number)
        }
        let shown = numbers.prefix(ServingLimits.ledgerShownNumbers).map { "\($0)" }.joined(separator: ",")
        return GeneralAnswer(prediction: cut(shown), score: 0)
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= LedgerLimits.labelBytes
            ? text : String(decoding: text.utf8.prefix(LedgerLimits.labelBytes), as: UTF8.self)
    }
}

extension ModelInput {
    /// Numbers' worth of memory.
    fileprivate var weight: Int {
        switch self {
        case .rows(let values, _): values.count
        case .tensors(let tensors, _):
            tensors.reduce(0) { sum, named in
                sum + named.tensor.packed.count / 4 + named.tensor.texts.reduce(0) { $0 + $1.count / 4 + 4 }
            }
        case .json(let value): value.description.utf8.count
        }
    }
}
