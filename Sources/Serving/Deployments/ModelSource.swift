import Core

/// Where deployments find their models: the registry's aliases and the files of its versions.
package struct ModelSource: Sendable {
    /// The version an alias names; nil when model or alias do not exist (yet).
    package let resolve: @Sendable (_ model: String, _ alias: String) async throws -> Int?
    /// Loads a version; throws `dataLoss` naming a corrupt file, `notFound` for a missing version.
    package let load: @Sendable (_ model: String, _ version: Int) async throws -> LoadedModel
    /// Points an alias at a version.
    package let moveAlias: @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> Void

    /// Makes a source from its three functions.
    package init(
        resolve: @escaping @Sendable (_ model: String, _ alias: String) async throws -> Int?,
        load: @escaping @Sendable (_ model: String, _ version: Int) async throws -> LoadedModel,
        moveAlias: @escaping @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> Void
    ) {
        self.resolve = resolve
        self.load = load
        self.moveAlias = moveAlias
    }
}

/// What other features want to know about deployments; called in order, off the request path.
package struct DeploymentHooks: Sendable {
    /// A version was loaded, before it gets traffic: the monitor takes its reference sample here.
    package var versionLoaded: @Sendable (_ deployment: String, _ model: LoadedModel) async -> Void = { _, _ in }
    /// A version became the trusted one.
    package var stableChanged: @Sendable (_ deployment: String, _ model: LoadedModel) async -> Void = { _, _ in }
    /// A line was added to a deployment's history.
    package var event: @Sendable (_ deployment: String, _ event: DeploymentChange.Event) -> Void = { _, _ in }

    /// Makes hooks that do nothing.
    package init() {}
}
