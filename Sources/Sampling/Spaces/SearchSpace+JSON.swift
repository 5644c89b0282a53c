package import Core

extension SearchSpace {
    /// The space as JSON: an object by parameter name.
    ///
    /// `{"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true}, "layers": {"type": "int", "low": 1, "high": 4},
    /// "kind": {"type": "categorical", "choices": ["a", "b"]}, "gamma": {…, "when": {"kind": ["a"]}}}`.
    package var json: JSONObject {
        JSONObject(
            parameters.map { parameter in
                var fields = Self.fields(parameter.distribution)
                if !parameter.conditions.isEmpty {
                    fields["when"] = .object(JSONObject(parameter.conditions.map(condition)))
                }
                return (parameter.name, .object(fields))
            }
        )
    }

    private static func fields(_ distribution: ParameterDistribution) -> JSONObject {
        var fields: JSONObject
        switch distribution {
        case .float(let low, let high, let log, let step):
            fields = ["type": "float", "low": .number(low), "high": .number(high)]
            if log { fields["log"] = true }
            if let step { fields["step"] = .number(step) }
        case .integer(let low, let high, let log, let step):
            fields = ["type": "int", "low": .int(low), "high": .int(high)]
            if log { fields["log"] = true }
            if step != 1 { fields["step"] = .int(step) }
        case .choice(let words): fields = ["type": "categorical", "choices": .array(words)]
        }
        return fields
    }

    private func condition(_ condition: ParameterCondition) -> (String, JSONValue) {
        let parent = parameters[condition.parent]
        switch condition.test {
        case .isOneOf(let values):
            return (parent.name, .array(values.map(parent.distribution.json(of:))))
        case .isBetween(let low, let high):
            var fields = JSONObject()
            if low.isFinite { fields["min"] = .number(low) }
            if high.isFinite { fields["max"] = .number(high) }
            return (parent.name, .object(fields))
        }
    }

    /// Reads a space; parameters may only depend on ones that stand before them.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(json: JSONObject, path: String) throws(MartletError) {
        guard !json.isEmpty else {
            throw MartletError(.invalidArgument, "'\(path)' needs at least one parameter.")
        }
        guard json.count <= SamplingLimits.parameters else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has at most \(SamplingLimits.parameters) parameters, not \(json.count)."
            )
        }
        var parameters: [Parameter] = []
        var places: [String: Int] = [:]
        for (name, value) in json.pairs {
            let fields = try JSONFields(value, path: "\(path).\(name)")
            let distribution = try ParameterDistribution(fields)
            let conditions = try Self.conditions(fields, parameters, places)
            parameters.append(Parameter(name: name, distribution: distribution, conditions: conditions))
            places[name] = parameters.count - 1
        }
        try self.init(parameters: parameters)
    }

    private static func conditions(
        _ fields: JSONFields,
        _ parameters: [Parameter],
        _ places: [String: Int]
    ) throws(MartletError) -> [ParameterCondition] {
        guard let when = try fields.optionalObject("when") else { return [] }
        var conditions: [ParameterCondition] = []
        for (name, value) in when.pairs {
            guard let parent = places[name] else {
                throw fields.invalid("when", "names '\(name)', which is no parameter that stands before it")
            }
            let test = try test(value, parameters[parent].distribution, fields)
            conditions.append(ParameterCondition(parent: parent, test: test))
        }
        return conditions
    }

    private static func test(
        _ value: JSONValue,
        _ distribution: ParameterDistribution,
        _ fields: JSONFields
    ) throws(MartletError) -> ParameterCondition.Test {
        if case .object(let range) = value {
            let bounds = JSONFields(range, path: fields.path(of: "when"))
            try bounds.rejectUnknown(["min", "max"])
            guard !distribution.isChoice else {
                throw fields.invalid("when", "must list words of a categorical parameter, not a range")
            }
            return .isBetween(
                try bounds.optionalDouble("min") ?? -.infinity,
                try bounds.optionalDouble("max") ?? .infinity
            )
        }
        let words = value.arrayValue ?? [value]
        var values: [Double] = []
        for word in words {
            guard let one = distribution.value(of: word) else {
                throw fields.invalid("when", "names the value \(word), which that parameter does not have")
            }
            values.append(one)
        }
        guard !values.isEmpty, values.count <= SamplingLimits.choices else {
            throw fields.invalid("when", "must name 1 to \(SamplingLimits.choices) values")
        }
        return .isOneOf(values)
    }

    /// The values that JSON gives; NaN for parameters that it does not name.
    ///
    /// - Throws: `invalidArgument` for an unknown name or a value outside of the range.
    package func values(of json: JSONObject, path: String) throws(MartletError) -> [Double] {
        var values = [Double](repeating: .nan, count: parameters.count)
        for (name, value) in json.pairs {
            guard let index = index(of: name) else {
                throw MartletError(.invalidArgument, "'\(path).\(name)' is no parameter of the search space.")
            }
            guard let number = parameters[index].distribution.value(of: value) else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path).\(name)' is \(value), which is outside of what the search space allows."
                )
            }
            values[index] = number
        }
        return values
    }
}

extension ParameterDistribution {
    /// Reads one parameter.
    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        switch try fields.string("type") {
        case "float":
            try fields.rejectUnknown(["type", "low", "high", "log", "step", "when"])
            self = .float(
                low: try fields.double("low"),
                high: try fields.double("high"),
                log: try fields.optionalBool("log") ?? false,
                step: try fields.optionalDouble("step")
            )
        case "int":
            try fields.rejectUnknown(["type", "low", "high", "log", "step", "when"])
            let bound: ClosedRange<Int64> = -(1 << 52)...(1 << 52)
            self = .integer(
                low: Int(try fields.int("low", in: bound)),
                high: Int(try fields.int("high", in: bound)),
                log: try fields.optionalBool("log") ?? false,
                step: Int(try fields.optionalInt("step", in: 1...(1 << 52)) ?? 1)
            )
        case "categorical":
            try fields.rejectUnknown(["type", "choices", "when"])
            self = .choice(try fields.array("choices"))
        default:
            throw fields.invalid("type", "must be float, int or categorical")
        }
    }
}
