package import Core

/// A line of the repository's index.
package struct ModelIndexEntry: Sendable, Equatable {
    /// The deployment, or the registered model that is not deployed.
    package let name: String
    /// The version in digits; nil for a model without versions.
    package let version: String?
    /// The state: `READY`, `LOADING`, `UNLOADING` or `UNAVAILABLE`.
    package let state: String
    /// Why it is in that state, for people; often empty.
    package let reason: String

    /// Makes a line.
    package init(name: String, version: String?, state: String, reason: String) {
        self.name = name
        self.version = version
        self.state = state
        self.reason = reason
    }
}

/// The models of the server as the model repository extension of Open Inference V2 sees them.
///
/// A name is a deployment. A registered model that is not deployed becomes a deployment on demand by `load`.
package struct ModelRepository: Sendable {
    private let controller: DeploymentController
    private let table: DeploymentTable

    /// The repository of a server.
    package init(controller: DeploymentController, table: DeploymentTable) {
        self.controller = controller
        self.table = table
    }

    /// Every version in service, and every registered model that is not.
    package func index(readyOnly: Bool = false) async throws -> [ModelIndexEntry] {
        let entries = try await controller.index()
        return Array((readyOnly ? entries.filter { $0.state == "READY" } : entries).prefix(ServingLimits.indexEntries))
    }

    /// Loads a model, or loads it anew while the old one serves.
    ///
    /// A deployment of a manifest loads the version its alias names. Any other name is a registered model: it becomes
    /// (or stays) a deployment on demand of the version that `parameters` name by `version` or `alias`, else the newest.
    ///
    /// - Throws: `notFound` for a name that is neither; `invalidArgument` for parameters that are not known; what
    ///   loading throws, and then the old model stays.
    package func load(_ name: String, parameters: JSONObject = [:]) async throws {
        try await controller.loadModel(name, LoadWish(parameters))
    }

    /// Takes a model out of service; requests under way finish.
    ///
    /// It stays listed as unavailable.
    ///
    /// - Throws: `notFound`; `failedPrecondition` while a rollout is in progress.
    package func unload(_ name: String) async throws {
        try await controller.unloadModel(name)
    }

    /// What the versions did since the server started: of all models, one, or one version.
    ///
    /// - Throws: `notFound`.
    package func statistics(_ name: String? = nil, version: String? = nil) throws(MartletError) -> [ModelStatistics] {
        guard let name else { return table.all.flatMap(Self.statistics) }
        let all = Self.statistics(try table.find(name))
        guard let version, !version.isEmpty else { return all }
        let found = all.filter { $0.version == version }
        guard !found.isEmpty else {
            throw MartletError(.notFound, "Version '\(version.prefix(20))' of '\(name)' is not in service.")
        }
        return found
    }

    private static func statistics(_ deployment: LiveDeployment) -> [ModelStatistics] {
        (deployment.routing?.versions ?? []).map { served in
            ModelStatistics(
                name: deployment.name,
                version: served.versionText,
                counters: served.inference,
                memoryBytes: served.slot.bytes
            )
        }
    }

    /// How a model is run, in the shape of Triton's model configuration.
    ///
    /// - Throws: `notFound`, `unavailable` when it is not in service, and what loading throws.
    package func configuration(_ name: String, version: String? = nil) async throws -> JSONValue {
        let deployment = try table.find(name)
        let routing = try deployment.ready()
        let served: ServedModel
        if let version, !version.isEmpty {
            guard let number = Int(version), let pinned = routing.model(version: number) else {
                throw MartletError(.notFound, "Version '\(version.prefix(20))' of '\(name)' is not in service.")
            }
            served = pinned
        } else {
            served = routing.stable
        }
        let resident = try await served.load(deadline: served.latest(from: Clock.monotonicNanoseconds))
        return ModelConfiguration.json(
            deployment: deployment,
            versions: routing.versions.map(\.version),
            resident: resident,
            settings: served.slot.settings
        )
    }
}

/// Which version a `load` asks for.
struct LoadWish: Sendable, Equatable {
    /// The version.
    var version: Int?
    /// The alias that names it.
    var alias: String?

    init(_ parameters: JSONObject) throws(MartletError) {
        let fields = JSONFields(parameters, path: "parameters")
        if let key = parameters.keys.first(where: { $0 == "config" || $0.hasPrefix("file:") }) {
            throw MartletError(
                .unimplemented,
                "The load parameter '\(key.prefix(80))' is not supported: models come from the registry, and their settings "
                    + "from the manifest."
            )
        }
        try fields.rejectUnknown(["version", "alias"])
        if let value = fields.value("version") {
            guard let number = value.integerValue ?? value.stringValue.flatMap({ Int64($0) }), number > 0,
                let version = Int(exactly: number)
            else { throw fields.invalid("version", "must be the number of a version") }
            self.version = version
        }
        alias = try fields.optionalString("alias")
        guard version == nil || alias == nil else {
            throw MartletError(.invalidArgument, "Give 'version' or 'alias', not both.")
        }
    }
}
