import Core

/// An expression whose types are known: a list of instructions over two stacks, one of numbers and one of text.
struct ExpressionProgram: Sendable {
    enum Instruction: Sendable {
        case pushNumber(Double)
        case pushText(String?)
        case loadNumber(Int)
        case loadText(Int)
        case unary(ExpressionMath.Unary)
        case binary(ExpressionMath.Binary)
        case fold(ExpressionMath.Fold, Int)
        case chooseNumber
        /// The condition lies on the numbers, the two texts on the other stack.
        case chooseText
        case compareText(Expression.Operator)
        case isTextMissing
        case numberIn(Int)
        case textIn(Int)
        case textUnary(ExpressionText.Unary)
        case measure(ExpressionText.Measure)
        case test(ExpressionText.Test)
        case concat(Int)
        case coalesceText(Int)
        case textOfNumber
    }

    private(set) var instructions: [Instruction] = []
    private(set) var kind = TransformColumn.Kind.number

    /// Gives types to an expression.
    ///
    /// - Throws: `invalidArgument` for a column that is not there or a value of the wrong type.
    init(
        _ expression: Expression,
        name: String,
        column: (String) throws(MartletError) -> TransformPlan.Place
    ) throws(MartletError) {
        var builder = ExpressionTyping(name: name)
        for operation in expression.operations {
            if case .column(let column_) = operation {
                builder.load(try column(column_))
            } else {
                try builder.add(operation)
            }
        }
        kind = try builder.result()
        instructions = builder.instructions
    }

    /// Computes the value and leaves it as the only element of its stack.
    func run(numbers: borrowing [Double], texts: borrowing [String?], stack: inout ExpressionStack) {
        stack.clear()
        for instruction in instructions {
            switch instruction {
            case .pushNumber(let number): stack.numbers.append(number)
            case .pushText(let text): stack.texts.append(text)
            case .loadNumber(let slot): stack.numbers.append(numbers[slot])
            case .loadText(let slot): stack.texts.append(texts[slot])
            case .unary(let function): stack.numbers.append(finite(function.apply(stack.number())))
            case .binary(let function):
                let right = stack.number()
                stack.numbers.append(finite(function.apply(stack.number(), right)))
            case .fold(let function, let count):
                let value = function.apply(stack.numbers.suffix(count))
                stack.drop(count)
                stack.numbers.append(finite(value))
            default: text(instruction, &stack)
            }
        }
    }

    private func text(_ instruction: Instruction, _ stack: inout ExpressionStack) {
        switch instruction {
        case .chooseNumber:
            let (no, yes) = (stack.number(), stack.number())
            let condition = stack.number()
            stack.numbers.append(condition.isNaN ? .nan : condition != 0 ? yes : no)
        case .chooseText:
            let (no, yes) = (stack.text(), stack.text())
            let condition = stack.number()
            stack.texts.append(condition.isNaN ? nil : condition != 0 ? yes : no)
        case .compareText(let comparison):
            let right = stack.text()
            stack.numbers.append(ExpressionText.compare(stack.text(), comparison, right))
        case .isTextMissing: stack.numbers.append(stack.text() == nil ? 1 : 0)
        case .numberIn(let count):
            let found = ExpressionMath.isIn(stack.numbers.suffix(count))
            stack.drop(count)
            stack.numbers.append(found)
        case .textIn(let count):
            let values = stack.texts(count)
            stack.numbers.append(ExpressionText.isIn(values))
        case .textUnary(let function): stack.texts.append(stack.text().flatMap(function.apply))
        case .measure(let function): stack.numbers.append(stack.text().map(function.apply) ?? .nan)
        case .test(let function):
            let right = stack.text()
            stack.numbers.append(function.apply(stack.text(), right))
        case .concat(let count): stack.texts.append(ExpressionText.concat(stack.texts(count)))
        case .coalesceText(let count): stack.texts.append(stack.texts(count).lazy.compactMap(\.self).first)
        case .textOfNumber:
            let number = stack.number()
            stack.texts.append(number.isNaN ? nil : TransformValue.text(of: number))
        case .pushNumber, .pushText, .loadNumber, .loadText, .unary, .binary, .fold: break
        }
    }

    private func finite(_ value: Double) -> Double { value.isFinite ? value : .nan }
}

/// The two stacks of a program, kept between rows so that their memory is.
struct ExpressionStack {
    var numbers: [Double] = []
    var texts: [String?] = []

    mutating func clear() {
        numbers.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
    }

    mutating func number() -> Double { numbers.popLast() ?? .nan }

    mutating func text() -> String? { texts.popLast() ?? nil }

    mutating func drop(_ count: Int) { numbers.removeLast(min(count, numbers.count)) }

    /// The topmost `count` texts, which are taken.
    mutating func texts(_ count: Int) -> [String?] {
        defer { texts.removeLast(min(count, texts.count)) }
        return Array(texts.suffix(count))
    }
}
