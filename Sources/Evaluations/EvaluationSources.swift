/// What evaluations ask the rest of the house about experiments.
package struct EvaluationSources: Sendable {
    /// Throws `notFound` for an experiment that there is not, `failedPrecondition` for a deleted one.
    let requireActive: @Sendable (String) async throws -> Void
    /// Of the given experiments those that are there and not deleted; of all of them for nil.
    let active: @Sendable ([String]?) async throws -> [String]

    /// Makes the sources from their closures.
    package init(
        requireActive: @escaping @Sendable (String) async throws -> Void,
        active: @escaping @Sendable ([String]?) async throws -> [String]
    ) {
        self.requireActive = requireActive
        self.active = active
    }
}
