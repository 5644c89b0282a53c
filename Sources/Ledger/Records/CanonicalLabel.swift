package import Core

/// Turns what a client sends as a label into the text that predictions are compared with.
package enum CanonicalLabel {
    /// The class name for a name, an index or a truth value; the shortest decimal for a number.
    ///
    /// `classes` are the model's class names: empty for a regression, nil when the model is not known any more. Throws
    /// `invalidArgument` naming what is accepted.
    package static func text(_ label: JSONValue, classes: [String]?) throws(MartletError) -> String {
        guard let classes else { return try anything(label) }
        if classes.isEmpty {
            guard let number = label.doubleValue, number.isFinite else {
                throw MartletError(.invalidArgument, "'label' must be a number, but is \(label.kind).")
            }
            return number.description
        }
        if let name = label.stringValue, classes.contains(name) { return name }
        let index = label.boolValue.map { $0 ? 1 : 0 } ?? label.integerValue.flatMap { Int(exactly: $0) }
        if let index, classes.indices.contains(index) { return classes[index] }
        let known = classes.prefix(20).joined(separator: ", ")
        throw MartletError(
            .invalidArgument,
            "'label' must be one of \(known), or its index from 0 to \(classes.count - 1)."
        )
    }

    private static func anything(_ label: JSONValue) throws(MartletError) -> String {
        switch label {
        case .string(let text) where !text.isEmpty && text.utf8.count <= LedgerLimits.labelBytes: return text
        case .integer(let value): return String(value)
        case .number(let value) where value.isFinite: return value.description
        case .bool(let value): return String(value)
        default:
            throw MartletError(
                .invalidArgument,
                "'label' must be a number, a truth value or text of 1 to \(LedgerLimits.labelBytes) bytes."
            )
        }
    }
}
