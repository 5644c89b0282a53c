package import Core

/// A task's `when`: an expression over parameters, outputs and the states of tasks, parsed once and never run as code.
package struct Condition: Sendable, Equatable {
    /// How two values are compared.
    package enum Comparison: String, Sendable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
    }

    /// The parsed expression.
    package indirect enum Expression: Sendable, Equatable {
        case literal(JSONValue)
        case list([Expression])
        case reference(ValueTemplate.Reference)
        case not(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case compare(Comparison, Expression, Expression)
        /// `succeeded(task)`, `failed(task)` or `skipped(task)`.
        case state(TaskState, task: String)
        /// `always()`: also when what the task needs did not succeed.
        case always
    }

    /// What is known when the condition is asked.
    package struct Facts {
        /// Parameters, outputs and the rest that references mean.
        package let values: ValueTemplate.Values
        /// How the tasks ended that the condition may ask for.
        package let states: [String: TaskState]

        /// Makes facts.
        package init(values: ValueTemplate.Values, states: [String: TaskState]) {
            self.values = values
            self.states = states
        }
    }

    /// The text as it was written.
    package let text: String
    /// What it means.
    package let expression: Expression

    /// Reads an expression such as `${tasks.check.outputs.rows} > 1000 and not failed(audit)`.
    ///
    /// - Parameters:
    ///   - text: The expression.
    ///   - path: Names it in errors.
    /// - Throws: `invalidArgument` naming what was not understood.
    package init(_ text: String, path: String) throws(MartletError) {
        guard (1...PipelinesLimits.conditionBytes).contains(text.utf8.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must have 1 to \(PipelinesLimits.conditionBytes) bytes."
            )
        }
        var parser = ConditionParser(tokens: try ConditionToken.tokens(of: text, path: path), path: path)
        self.text = text
        expression = try parser.parse()
    }

    /// Every reference in it.
    package var references: [ValueTemplate.Reference] {
        Self.collect(expression) { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The tasks whose states it asks for.
    package var tasks: [String] {
        Self.collect(expression) { if case .state(_, let task) = $0 { task } else { nil } }
    }

    /// Whether it decides itself what failures before it mean, because it asks for states or always.
    package var asksForStates: Bool {
        !Self.collect(expression) { part -> Bool? in
            switch part {
            case .state, .always: true
            default: nil
            }
        }.isEmpty
    }

    private static func collect<T>(_ expression: Expression, _ pick: (Expression) -> T?) -> [T] {
        var found = pick(expression).map { [$0] } ?? []
        switch expression {
        case .list(let parts): for part in parts { found += collect(part, pick) }
        case .not(let part): found += collect(part, pick)
        case .and(let left, let right), .or(let left, let right), .compare(_, let left, let right):
            found += collect(left, pick) + collect(right, pick)
        case .literal, .reference, .state, .always: break
        }
        return found
    }

    /// Whether it holds.
    ///
    /// An output that is not there, because its task was skipped or did not give it, is null.
    /// - Throws: `failedPrecondition` when the result is no truth value, or values do not compare.
    package func holds(_ facts: Facts, path: String) throws(MartletError) -> Bool {
        let value = try evaluate(expression, facts, path)
        guard let truth = value.boolValue else {
            throw MartletError(.failedPrecondition, "'\(path)' must be true or false, but '\(text)' is \(value).")
        }
        return truth
    }

    private func evaluate(
        _ expression: Expression,
        _ facts: Facts,
        _ path: String
    ) throws(MartletError) -> JSONValue {
        switch expression {
        case .literal(let value): return value
        case .reference(let reference): return try ValueTemplate.lookUp(reference, facts.values, path: path)
        case .list(let parts):
            var values: [JSONValue] = []
            for part in parts { values.append(try evaluate(part, facts, path)) }
            return .array(values)
        case .not(let part): return .bool(!(try truth(part, facts, path)))
        case .and(let left, let right):
            guard try truth(left, facts, path) else { return false }
            return .bool(try truth(right, facts, path))
        case .or(let left, let right):
            guard try !truth(left, facts, path) else { return true }
            return .bool(try truth(right, facts, path))
        case .compare(let comparison, let left, let right):
            let values = (try evaluate(left, facts, path), try evaluate(right, facts, path))
            return .bool(try compare(comparison, values.0, values.1, path))
        case .state(let state, let task): return .bool(facts.states[task] == state)
        case .always: return true
        }
    }

    private func truth(_ part: Expression, _ facts: Facts, _ path: String) throws(MartletError) -> Bool {
        let value = try evaluate(part, facts, path)
        guard let truth = value.boolValue else {
            throw MartletError(.failedPrecondition, "'\(path)': \(value) stands where true or false must.")
        }
        return truth
    }

    private func compare(
        _ comparison: Comparison,
        _ left: JSONValue,
        _ right: JSONValue,
        _ path: String
    ) throws(MartletError) -> Bool {
        switch comparison {
        case .equal: return Self.isSame(left, right)
        case .unequal: return !Self.isSame(left, right)
        case .isIn:
            if let list = right.arrayValue { return list.contains { Self.isSame($0, left) } }
            if let text = right.stringValue, let part = left.stringValue { return text.contains(part) }
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if let one = left.doubleValue, let other = right.doubleValue { return Self.holds(comparison, one, other) }
            if let one = left.stringValue, let other = right.stringValue { return Self.holds(comparison, one, other) }
        }
        throw MartletError(
            .failedPrecondition,
            "'\(path)': '\(comparison.rawValue)' does not compare \(left) with \(right)."
        )
    }

    private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let one = left.doubleValue, let other = right.doubleValue { return one == other }
        return left == right
    }

    private static func holds<T: Comparable>(_ comparison: Comparison, _ left: T, _ right: T) -> Bool {
        switch comparison {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .equal, .isIn: left == right
        case .unequal: left != right
        }
    }
}
