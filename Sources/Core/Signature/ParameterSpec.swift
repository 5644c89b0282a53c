/// What a model says of one parameter of its calls (MLflow "ParamSpec").
package struct ParameterSpec: Sendable, Equatable {
    /// The parameter's name.
    package let name: String
    /// What its value, or each element of a list, looks like.
    package let schema: ValueSchema
    /// Whether the value is a list (MLflow's shape `(-1,)`).
    package let isList: Bool
    /// The value of a call that does not give it.
    package let defaultValue: JSONValue

    /// Makes a description.
    package init(_ name: String, _ schema: ValueSchema, isList: Bool = false, default defaultValue: JSONValue) {
        self.name = name
        self.schema = schema
        self.isList = isList
        self.defaultValue = defaultValue
    }

    /// `value` as the parameter's type; null stands for "no value", as in MLflow.
    ///
    /// - Throws: `invalidArgument` naming what was expected and received.
    package func checked(_ value: JSONValue) throws(MartletError) -> JSONValue {
        guard value != .null else { return value }
        guard isList else { return try cast(value, at: "params.\(name)") }
        guard let elements = value.arrayValue else {
            throw MartletError(.invalidArgument, "'params.\(name)' must be a list, but is \(value.kind).")
        }
        var cast: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            cast.append(try self.cast(element, at: "params.\(name)[\(index)]"))
        }
        return .array(cast)
    }

    private func cast(_ value: JSONValue, at path: String) throws(MartletError) -> JSONValue {
        try schema.check(value, at: path)
        if case .scalar(let type) = schema, let cast = type.accepts(value) { return cast }
        return value
    }
}
