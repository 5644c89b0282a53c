/// What the registry asks the rest of the house about the places that versions come from.
package struct ModelSources: Sendable {
    /// A logged model as far as the registry needs it.
    package struct LoggedModel: Sendable {
        /// Where its files lie.
        let artifactURI: String
        /// The run that made it.
        let runID: String?

        /// Makes a logged model.
        package init(artifactURI: String, runID: String?) {
            self.artifactURI = artifactURI
            self.runID = runID
        }
    }

    /// Where the artifacts of a run lie, by the run's id; throws `notFound`.
    let runArtifactURI: @Sendable (String) async throws -> String
    /// A logged model by its id; throws `notFound`.
    let loggedModel: @Sendable (String) async throws -> LoggedModel
    /// Tells that a logged model became a version: its id, the registered model's name and the version.
    let registered: @Sendable (String, String, Int) async throws -> Void

    /// Makes the sources from their closures.
    package init(
        runArtifactURI: @escaping @Sendable (String) async throws -> String,
        loggedModel: @escaping @Sendable (String) async throws -> LoggedModel,
        registered: @escaping @Sendable (String, String, Int) async throws -> Void
    ) {
        self.runArtifactURI = runArtifactURI
        self.loggedModel = loggedModel
        self.registered = registered
    }
}
