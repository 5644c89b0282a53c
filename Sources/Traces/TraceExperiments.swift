/// What traces ask the rest of the house about experiments.
package struct TraceExperiments: Sendable {
    /// An experiment as far as traces need it.
    package struct Experiment: Sendable {
        /// Its id, a whole number as text.
        let id: String
        /// Where its artifacts lie.
        let artifactLocation: String
        /// Whether it is in use; a deleted one takes no new traces.
        let isActive: Bool

        /// Makes an experiment.
        package init(id: String, artifactLocation: String, isActive: Bool) {
            self.id = id
            self.artifactLocation = artifactLocation
            self.isActive = isActive
        }
    }

    /// The experiment with an id, deleted or not; throws `notFound`, or `invalidArgument` if no id looks like that.
    let find: @Sendable (String) async throws -> Experiment

    /// Makes the source from its closure.
    package init(find: @escaping @Sendable (String) async throws -> Experiment) {
        self.find = find
    }
}
