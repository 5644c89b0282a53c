import Core
package import Rollouts
package import Runtimes

/// An alias of a registered model.
package struct AliasName: Sendable, Hashable {
    /// The model.
    package let model: String
    /// The alias.
    package let alias: String

    /// Names an alias.
    package init(model: String, alias: String) {
        self.model = model
        self.alias = alias
    }
}

/// Where deployments find their models: the registry's aliases and the files of its versions.
package struct ModelSource: Sendable {
    /// The version an alias names; nil when model or alias do not exist (yet).
    package let resolve: @Sendable (_ model: String, _ alias: String) async throws -> Int?
    /// The versions that many aliases name, by one question; nil for each that does not exist (yet).
    package let resolveAll: @Sendable (_ aliases: [AliasName]) async throws -> [Int?]
    /// The registered models and the newest version of each, by name; nil for a model without versions.
    package let models: @Sendable () async throws -> [(name: String, latest: Int?)]
    /// Loads a version; throws `dataLoss` naming a corrupt file, `notFound` for a missing version.
    package let load:
        @Sendable (_ model: String, _ version: Int, _ settings: RuntimeSettings) async throws -> LoadedModel
    /// Points an alias at a version.
    package let moveAlias: @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> Void

    /// Makes a source from its functions; a `resolveAll` that is not given asks for one alias after the other.
    package init(
        resolve: @escaping @Sendable (_ model: String, _ alias: String) async throws -> Int?,
        resolveAll: (@Sendable (_ aliases: [AliasName]) async throws -> [Int?])? = nil,
        models: @escaping @Sendable () async throws -> [(name: String, latest: Int?)] = { [] },
        load:
            @escaping @Sendable (_ model: String, _ version: Int, _ settings: RuntimeSettings) async throws
            -> LoadedModel,
        moveAlias: @escaping @Sendable (_ model: String, _ alias: String, _ version: Int) async throws -> Void
    ) {
        self.resolve = resolve
        self.resolveAll =
            resolveAll ?? { aliases in
                var versions: [Int?] = []
                for name in aliases { versions.append(try await resolve(name.model, name.alias)) }
                return versions
            }
        self.models = models
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

    /// What others have measured for the checks of a rollout, by the names of `RolloutQuestion`.
    ///
    /// Asked at every look, several times a second: it answers at once with what is known, and keeps its own schedule.
    package var measurements: @Sendable (_ question: RolloutQuestion) async -> [String: ExternalMeasurement] = { _ in
        [:]
    }

    /// Makes hooks that do nothing.
    package init() {}
}
