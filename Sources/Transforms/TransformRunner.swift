package import Core

/// Transforms one row after the other in memory of its own; one for each task that does so.
///
/// Set every input, run, read the outputs. Nothing is allocated for a row of numbers.
package struct TransformRunner: Sendable {
    private let plan: TransformPlan
    private var numbers: [Double]
    private var texts: [String?]
    private var stack = ExpressionStack()

    /// A runner over a fitted transform.
    package init(_ transform: FittedTransform) {
        plan = transform.plan
        numbers = Array(repeating: .nan, count: plan.numberSlots)
        texts = Array(repeating: nil, count: plan.textSlots)
    }

    /// Sets an input by its place in `inputs` to a number; NaN and infinities are missing.
    ///
    /// For an input of text the number is written out.
    @inline(__always)
    package mutating func set(_ input: Int, _ value: Double) {
        switch plan.inputs[input] {
        case .number(let slot): numbers[slot] = value.isFinite ? value : .nan
        case .text(let slot): texts[slot] = value.isFinite ? TransformValue.text(of: value) : nil
        }
    }

    /// Sets an input to text; nil is missing.
    ///
    /// For an input of numbers the text is read as a number, and missing when it is none.
    @inline(__always)
    package mutating func set(_ input: Int, _ value: String?) {
        switch plan.inputs[input] {
        case .number(let slot): numbers[slot] = value.flatMap(DecimalText.number) ?? .nan
        case .text(let slot): texts[slot] = value
        }
    }

    /// The number of an output by its place in `outputs`; NaN when missing or text.
    @inline(__always)
    package func number(_ output: Int) -> Double {
        if case .number(let slot) = plan.outputs[output] { numbers[slot] } else { .nan }
    }

    /// The text of an output; nil when missing or a number.
    package func text(_ output: Int) -> String? {
        if case .text(let slot) = plan.outputs[output] { texts[slot] } else { nil }
    }

    /// Computes the outputs of the inputs that were set.
    ///
    /// - Throws: `invalidArgument` for a category that is refused.
    package mutating func run() throws(MartletError) {
        for operation in plan.operations {
            switch operation {
            case .scale(let slot, let centre, let divisor):
                let value = (numbers[slot] - centre) / divisor
                numbers[slot] = value.isFinite ? value : .nan
            case .fillNumber(let slot, let value):
                if numbers[slot].isNaN { numbers[slot] = value }
            case .fillText(let slot, let value):
                if texts[slot] == nil { texts[slot] = value }
            case .whole(let slot): numbers[slot] = numbers[slot].rounded(.towardZero)
            case .parse(let text, let slot, let isWhole):
                let value = texts[text].flatMap(DecimalText.number) ?? .nan
                numbers[slot] = isWhole ? value.rounded(.towardZero) : value
            case .write(let number, let slot):
                texts[slot] = numbers[number].isNaN ? nil : TransformValue.text(of: numbers[number])
            case .encode(let place, let index, let slot): numbers[slot] = try code(place, index)
            case .oneHot(let place, let index, let first, let count):
                let code = try code(place, index)
                for slot in first..<first + count { numbers[slot] = 0 }
                if code.isFinite, let place = Int(exactly: code) { numbers[first + place] = 1 }
            case .compute(let program, let place): compute(program, place)
            }
        }
    }

    @inline(__always)
    private func code(_ place: TransformPlan.Place, _ index: Int) throws(MartletError) -> Double {
        switch place {
        case .number(let slot): try plan.indexes[index].code(of: numbers[slot])
        case .text(let slot): try plan.indexes[index].code(of: texts[slot])
        }
    }

    private mutating func compute(_ program: Int, _ place: TransformPlan.Place) {
        plan.programs[program].run(numbers: numbers, texts: texts, stack: &stack)
        switch place {
        case .number(let slot): numbers[slot] = stack.number()
        case .text(let slot): texts[slot] = stack.text()
        }
    }
}
