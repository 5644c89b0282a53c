package import Core

/// A formula over the columns of a row: arithmetic, comparisons and a fixed set of functions; no names but columns, no loops.
///
/// It is kept as a list of operations for a stack, so that neither its length nor its nesting can exhaust the machine.
package struct Expression: Sendable, Equatable {
    /// The formula as it was written.
    package let text: String
    /// What the stack machine does, before types are known.
    let operations: [Operation]

    /// One operation of the stack machine.
    enum Operation: Sendable, Equatable {
        case number(Double)
        case text(String)
        case missing
        case column(String)
        case negate
        case not
        case binary(Operator)
        case call(ExpressionFunction, Int)
    }

    /// What stands between two values.
    enum Operator: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
        case power = "^"
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case and
        case or

        /// Stronger binds first.
        var strength: Int {
            switch self {
            case .or: 1
            case .and: 2
            case .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual: 4
            case .add, .subtract: 5
            case .multiply, .divide, .remainder: 6
            case .power: 8
            }
        }
    }

    /// Reads a formula.
    ///
    /// - Throws: `invalidArgument` naming `path` and the place of the error.
    package static func parse(_ text: String, path: String) throws(MartletError) -> Expression {
        guard text.utf8.count <= TransformsLimits.expressionBytes else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has \(text.utf8.count) bytes; an expression has at most \(TransformsLimits.expressionBytes)."
            )
        }
        var parser = try ExpressionParser(text, path: path)
        return Expression(text: text, operations: try parser.parse())
    }

    /// The columns that it reads.
    package var columns: Set<String> {
        Set(operations.compactMap { if case .column(let name) = $0 { name } else { nil } })
    }

    /// The operations of a stack machine, for those who apply a transform without this program: `["column", "a"]`,
    /// `["number", 1.5]`, `["text", "x"]`, `["missing"]`, `["negate"]`, `["not"]`, `["binary", "+"]`, `["call", "log", 1]`.
    package var program: JSONValue {
        .array(
            operations.map { operation in
                switch operation {
                case .number(let number): ["number", .number(number)]
                case .text(let text): ["text", .string(text)]
                case .missing: ["missing"]
                case .column(let name): ["column", .string(name)]
                case .negate: ["negate"]
                case .not: ["not"]
                case .binary(let binary): ["binary", .string(binary.rawValue)]
                case .call(let function, let count): ["call", .string(function.rawValue), .int(count)]
                }
            }
        )
    }

    package static func == (left: Expression, right: Expression) -> Bool { left.text == right.text }
}
