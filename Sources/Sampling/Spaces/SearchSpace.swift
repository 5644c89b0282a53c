package import Core

/// The parameters that a study searches over, in order; a parameter may depend on earlier ones.
package struct SearchSpace: Sendable, Equatable {
    /// One named parameter.
    package struct Parameter: Sendable, Equatable {
        /// Its name, unique in the space.
        package let name: String
        /// Where its values come from.
        package let distribution: ParameterDistribution
        /// What must hold for it to exist in a trial; all of them.
        package let conditions: [ParameterCondition]

        /// Makes a parameter.
        package init(name: String, distribution: ParameterDistribution, conditions: [ParameterCondition] = []) {
            self.name = name
            self.distribution = distribution
            self.conditions = conditions
        }
    }

    /// The parameters in order; conditions look at earlier ones only.
    package let parameters: [Parameter]
    /// The numeric ranges by parameter; nil for choices.
    package let ranges: [NumericRange?]
    /// Whether some parameter does not exist in every trial.
    package let isConditional: Bool

    /// Makes a search space in which every parameter exists in every trial.
    ///
    /// - Throws: as `init(parameters:)`.
    package init(_ parameters: [(name: String, distribution: ParameterDistribution)]) throws(MartletError) {
        try self.init(parameters: parameters.map { Parameter(name: $0.name, distribution: $0.distribution) })
    }

    /// Makes a search space.
    ///
    /// - Throws: `invalidArgument` naming the parameter whose range is reversed, not finite, too wide, for a logarithm
    ///   not positive, or narrower than its step, whose name is taken or empty, or whose condition looks forward.
    package init(parameters: [Parameter]) throws(MartletError) {
        guard parameters.count <= SamplingLimits.parameters else {
            throw MartletError(
                .invalidArgument,
                "A search space has at most \(SamplingLimits.parameters) parameters, not \(parameters.count)."
            )
        }
        var names: Set<String> = []
        var checked: [Parameter] = []
        for (index, parameter) in parameters.enumerated() {
            try Self.check(parameter.name, taken: names)
            names.insert(parameter.name)
            let conditions = parameter.conditions
            guard conditions.count <= SamplingLimits.conditions, conditions.allSatisfy({ (0..<index) ~= $0.parent })
            else {
                throw MartletError(
                    .invalidArgument,
                    "The parameter '\(parameter.name)' may depend on at most \(SamplingLimits.conditions) parameters, "
                        + "and only on ones that stand before it."
                )
            }
            checked.append(
                Parameter(
                    name: parameter.name,
                    distribution: try parameter.distribution.checked(parameter.name),
                    conditions: conditions
                )
            )
        }
        self.parameters = checked
        ranges = checked.map(\.distribution.numeric)
        isConditional = checked.contains { !$0.conditions.isEmpty }
    }

    private static func check(_ name: String, taken: Set<String>) throws(MartletError) {
        guard !name.isEmpty, name.utf8.count <= SamplingLimits.nameBytes else {
            throw MartletError(
                .invalidArgument,
                "A parameter's name has 1 to \(SamplingLimits.nameBytes) bytes, not \(name.utf8.count)."
            )
        }
        guard !taken.contains(name) else {
            throw MartletError(.invalidArgument, "The parameter '\(name)' appears twice in the search space.")
        }
    }

    /// Whether a parameter exists in a trial with these values of the parameters before it.
    package func isActive(_ index: Int, _ values: [Double]) -> Bool {
        parameters[index].conditions.allSatisfy { $0.holds(for: values) }
    }

    /// The place of a parameter.
    package func index(of name: String) -> Int? {
        parameters.firstIndex { $0.name == name }
    }

    /// The values of a trial in words, by parameter; without those that do not exist in it.
    package func texts(of values: [Double]) -> [(name: String, value: String)] {
        zip(parameters, values).filter { !$1.isNaN }.map { ($0.name, $0.distribution.text(of: $1)) }
    }

    /// The values of a trial as JSON, by parameter; without those that do not exist in it.
    package func json(of values: [Double]) -> JSONObject {
        JSONObject(
            zip(parameters, values).filter { !$1.isNaN }.map { ($0.name, $0.distribution.json(of: $1)) }
        )
    }
}

extension SearchSpace {
    /// The values that are given, and others where they are not and the parameter exists.
    package func joined(_ given: [Double], _ others: [Double]) -> [Double] {
        var values = [Double](repeating: .nan, count: parameters.count)
        for index in parameters.indices where isActive(index, values) {
            let value = given.indices.contains(index) ? given[index] : .nan
            values[index] = value.isNaN ? others[index] : value
            // The sampler saw a trial in which the parameter does not exist.
            if values[index].isNaN { values[index] = self.value(index, atShare: 0.5) }
        }
        return values
    }
}
