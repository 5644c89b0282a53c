import Core

/// JSON as Python's `json.dumps` writes it, with a space after `,` and `:`: for tags that MLflow's clients compare as text.
enum PythonJSON {
    /// The text of a value.
    static func text(_ value: JSONValue) -> String {
        if let elements = value.arrayValue { return "[" + elements.map(text).joined(separator: ", ") + "]" }
        guard let object = value.objectValue else { return value.description }
        let members = object.pairs.map { "\(JSONValue.string($0.key)): \(text($0.value))" }
        return "{" + members.joined(separator: ", ") + "}"
    }
}
