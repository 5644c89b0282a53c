import Core

/// Follows an expression's operations with the types that would lie on the stack, and writes instructions.
struct ExpressionTyping {
    private enum Kind { case number, text }

    private(set) var instructions: [ExpressionProgram.Instruction] = []
    private var kinds: [Kind] = []
    /// The column that is computed, for messages.
    private let name: String

    init(name: String) {
        self.name = name
    }

    mutating func load(_ place: TransformPlan.Place) {
        switch place {
        case .number(let slot): push(.loadNumber(slot), .number)
        case .text(let slot): push(.loadText(slot), .text)
        }
    }

    /// The type of the whole.
    func result() throws(MartletError) -> TransformColumn.Kind {
        guard kinds.count == 1 else { throw wrong("the expression", "is empty") }
        return kinds[0] == .number ? .number : .string
    }

    mutating func add(_ operation: Expression.Operation) throws(MartletError) {
        switch operation {
        case .number(let number): push(.pushNumber(number == 0 ? 0 : number), .number)
        case .text(let text): push(.pushText(text), .text)
        case .missing: push(.pushNumber(.nan), .number)
        case .column: throw wrong("a column", "has no place")
        case .negate: try unary(.negate, "-")
        case .not: try unary(.not, "not")
        case .binary(let binary): try add(binary)
        case .call(let function, let count): try call(function, count)
        }
    }

    private mutating func add(_ binary: Expression.Operator) throws(MartletError) {
        let (right, left) = (kinds.popLast(), kinds.popLast())
        if let function = ExpressionMath.Binary(binary), left == .number, right == .number {
            return push(.binary(function), .number)
        }
        switch binary {
        case .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard left == .text, right == .text else {
                throw wrong("'\(binary.rawValue)'", "compares two numbers or two texts, not one of each")
            }
            push(.compareText(binary), .number)
        default: throw wrong("'\(binary.rawValue)'", "takes numbers; concat() joins text")
        }
    }

    private mutating func call(_ function: ExpressionFunction, _ count: Int) throws(MartletError) {
        guard kinds.count >= count else { throw wrong("'\(function.rawValue)'", "has too few arguments") }
        if let unary = ExpressionMath.Unary(function) { return try self.unary(unary, function.rawValue) }
        if let fold = ExpressionMath.Fold(function), kinds.suffix(count).allSatisfy({ $0 == .number }) {
            kinds.removeLast(count)
            return push(.fold(fold, count), .number)
        }
        let arguments = Array(kinds.suffix(count))
        kinds.removeLast(count)
        let areTexts = arguments.allSatisfy { $0 == .text }
        let areNumbers = arguments.allSatisfy { $0 == .number }
        if areTexts, let instruction = Self.overTexts(function, count) {
            push(instruction.0, instruction.1)
        } else if function == .if, arguments[0] == .number, arguments[1] == arguments[2] {
            push(arguments[1] == .number ? .chooseNumber : .chooseText, arguments[1])
        } else if function == .isIn, areNumbers {
            push(.numberIn(count), .number)
        } else if function == .string, areNumbers {
            push(.textOfNumber, .text)
        } else if function == .string, areTexts {
            kinds.append(.text)
        } else if function == .isMissing, areNumbers {
            push(.unary(.isMissing), .number)
        } else if function == .number, areNumbers {
            kinds.append(.number)
        } else {
            throw wrong("'\(function.rawValue)'", Self.wants(function))
        }
    }

    private static func overTexts(
        _ function: ExpressionFunction,
        _ count: Int
    ) -> (ExpressionProgram.Instruction, Kind)? {
        if let unary = ExpressionText.Unary(function) { return (.textUnary(unary), .text) }
        if let measure = ExpressionText.Measure(function) { return (.measure(measure), .number) }
        if let test = ExpressionText.Test(function) { return (.test(test), .number) }
        switch function {
        case .isMissing: return (.isTextMissing, .number)
        case .isIn: return (.textIn(count), .number)
        case .concat: return (.concat(count), .text)
        case .coalesce: return (.coalesceText(count), .text)
        default: return nil
        }
    }

    private static func wants(_ function: ExpressionFunction) -> String {
        switch function {
        case .if: "takes a condition and two values of the same type"
        case .isIn, .coalesce: "takes values of the same type"
        case .min, .max, .round, .pow, .clip: "takes numbers"
        default: "takes text"
        }
    }

    private mutating func unary(_ function: ExpressionMath.Unary, _ word: String) throws(MartletError) {
        guard kinds.popLast() == .number else { throw wrong("'\(word)'", "takes a number") }
        push(.unary(function), .number)
    }

    private mutating func push(_ instruction: ExpressionProgram.Instruction, _ kind: Kind) {
        instructions.append(instruction)
        kinds.append(kind)
    }

    private func wrong(_ what: String, _ message: String) -> MartletError {
        MartletError(.invalidArgument, "The expression of the column '\(name.prefix(80))': \(what) \(message).")
    }
}
