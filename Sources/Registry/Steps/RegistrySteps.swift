package import Core

/// The steps that the registry offers to pipelines.
package enum RegistrySteps {
    /// All of them, over a store.
    package static func all(_ store: RegistryStore) -> [BuiltinStep] {
        [registerStep(store)]
    }

    /// `registry.register`: makes a version of what an earlier task trained, and points an alias to it if asked.
    private static func registerStep(_ store: RegistryStore) -> BuiltinStep {
        BuiltinStep(
            name: "registry.register",
            summary: "Registers the model that an earlier task trained as a new version.",
            parameters: [
                StepParameter("model", "The registered model; created if there is none.", isRequired: true),
                StepParameter("alias", "An alias to point to the new version, which rolls it out."),
                StepParameter(
                    "model_uri",
                    "What to register, runs:/<run>/<path>; by default the output of a needed task."
                ),
                StepParameter("description", "Text for people."),
            ]
        ) { context in
            let fields = JSONFields(context.parameters, path: "with")
            let model = try fields.string("model")
            let alias = try fields.optionalString("alias")
            if let alias { try RegistryRules.checkNewAlias(alias) }
            let trained = try outputs(context, fields)
            // A retry after a crash between registering and recording must not make a second version.
            let key = "\(context.runID)/\(context.task)"
            let version = try await register(
                trained,
                as: model,
                tags: [taskTag: key, "martlet.pipeline": context.pipeline],
                uniqueTag: taskTag,
                description: try fields.optionalString("description") ?? "",
                in: store
            )
            context.log("Registered version \(version.version) of model '\(model)' from run \(version.runID).")
            if let alias {
                try await store.setAlias(model: model, alias: alias, version: version.version)
                context.log("Alias '\(alias)' points to version \(version.version).")
            }
            return [
                "model": .string(model), "version": .int(version.version), "run_id": .string(version.runID),
                "source": .string(version.source),
            ]
        }
    }

    /// The tag that tells which task of which pipeline run registered a version.
    private static let taskTag = "martlet.task"

    /// What was trained: the step's own parameter, or the outputs of the one needed task that has a model.
    private static func outputs(_ context: StepContext, _ fields: JSONFields) throws(MartletError) -> JSONObject {
        if let uri = try fields.optionalString("model_uri") { return ["model_uri": .string(uri)] }
        let candidates = context.upstream.filter { $0.value["model_uri"] != nil }
        guard let candidate = candidates.first, candidates.count == 1 else {
            let names = candidates.keys.sorted().joined(separator: ", ")
            throw MartletError(
                .invalidArgument,
                candidates.isEmpty
                    ? "No needed task of '\(context.task)' has the output model_uri: need one that trains a model, or "
                        + "set 'with.model_uri'."
                    : "Several needed tasks of '\(context.task)' have a model (\(names)): need one of them only, or set "
                        + "'with.model_uri'."
            )
        }
        return candidate.value
    }

    /// Registers a version of a model that a task trained.
    ///
    /// - Parameters:
    ///   - outputs: the task's outputs: `model_uri` (such as `runs:/<run>/model`) and, if there are, `run_id` and
    ///     `metrics`, whose numbers become tags `metrics.<name>`.
    ///   - model: the registered model; created if there is none.
    ///   - tags: further tags of the version.
    ///   - uniqueTag: one of them; a version that has it with the same value is returned instead of a new one.
    ///   - description: for people.
    ///   - store: where to register.
    /// - Returns: the version.
    /// - Throws: `invalidArgument` if an output is missing, `notFound` if the run is unknown or has no such folder.
    @discardableResult
    package static func register(
        _ outputs: JSONObject,
        as model: String,
        tags: [String: String] = [:],
        uniqueTag: String? = nil,
        description: String = "",
        in store: RegistryStore
    ) async throws -> ModelVersion {
        let fields = JSONFields(outputs, path: "outputs")
        let uri = try fields.string("model_uri")
        do {
            try await store.createModel(name: model)
        } catch let error as MartletError where error.code == .alreadyExists {
            // It is there, which is what is wanted.
        }
        var all = tags.sorted { $0.key < $1.key }.map { ModelTag(key: $0.key, value: $0.value) }
        for (name, value) in try fields.optionalObject("metrics")?.pairs ?? [] where value.doubleValue != nil {
            all.append(ModelTag(key: "metrics.\(name)", value: value.description))
        }
        return try await store.createVersion(
            model: model,
            source: uri,
            runID: try fields.optionalString("run_id"),
            tags: all,
            description: description,
            uniqueTag: uniqueTag,
            mustHaveFiles: true
        )
    }
}
