package import Core

/// The parameters that a study searches over, in order.
package struct SearchSpace: Sendable, Equatable {
    /// One named parameter.
    package struct Parameter: Sendable, Equatable {
        /// Its name, unique in the space.
        package let name: String
        /// Where its values come from.
        package let distribution: ParameterDistribution
    }

    /// The parameters in order.
    package let parameters: [Parameter]

    /// Makes a search space.
    ///
    /// - Throws: `invalidArgument` naming the parameter whose range is empty, not finite or, for a logarithm, not
    ///   positive, or whose name is taken.
    package init(_ parameters: [(name: String, distribution: ParameterDistribution)]) throws(MartletError) {
        guard parameters.count <= LearningLimits.parameters else {
            throw MartletError(
                .invalidArgument,
                "A search space has at most \(LearningLimits.parameters) parameters, not \(parameters.count)."
            )
        }
        var names: Set<String> = []
        for (name, distribution) in parameters {
            guard names.insert(name).inserted else {
                throw MartletError(.invalidArgument, "The parameter '\(name)' appears twice in the search space.")
            }
            guard Self.isValid(distribution) else {
                throw MartletError(.invalidArgument, "The parameter '\(name)' has no valid range: \(distribution).")
            }
        }
        self.parameters = parameters.map { Parameter(name: $0.name, distribution: $0.distribution) }
    }

    private static func isValid(_ distribution: ParameterDistribution) -> Bool {
        switch distribution {
        case .float(let low, let high, let log, let step):
            low.isFinite && high.isFinite && low <= high && (!log || low > 0 && step == nil) && step ?? 1 > 0
        case .integer(let low, let high, let log, let step):
            low <= high && abs(low) < 1 << 52 && abs(high) < 1 << 52 && step >= 1 && (!log || low >= 1 && step == 1)
        case .choice(let words): !words.isEmpty
        }
    }

    /// The values of a trial in words, by parameter.
    package func texts(of values: [Double]) -> [(name: String, value: String)] {
        zip(parameters, values).map { ($0.name, $0.distribution.text(of: $1)) }
    }
}
