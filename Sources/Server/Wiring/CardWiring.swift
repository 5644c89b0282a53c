import Core
import Learning
import Registry

/// Model cards are made from what the registry and tracking know, and kept when a pipeline registers a version.
enum CardWiring {
    /// A version as its card needs it.
    static func subject(_ version: ModelVersion) -> CardSubject {
        CardSubject(
            model: version.name,
            version: version.version,
            description: version.description,
            tags: version.tags.map { ($0.key, $0.value) },
            runID: version.runID.isEmpty ? nil : version.runID,
            source: version.source,
            folder: try? version.artifactPath,
            created: version.creationTime
        )
    }

    /// `registry.register` that leaves a card beside the run's artifacts.
    ///
    /// A card that cannot be written is said in the log; the version is registered all the same, and its card is made anew
    /// whenever somebody asks for it.
    static func withCard(_ step: BuiltinStep, _ stores: Stores) -> BuiltinStep {
        guard step.name == "registry.register" else { return step }
        return BuiltinStep(name: step.name, summary: step.summary, parameters: step.parameters) { context in
            var outputs = try await step.run(context)
            guard let name = outputs["model"]?.stringValue, let number = outputs["version"]?.integerValue else {
                return outputs
            }
            do {
                let record = try await stores.registry.version(name, Int(number))
                let paths = try await ModelCardMaker(tracking: stores.tracking).store(subject(record))
                if !paths.isEmpty { outputs["card"] = .array(paths.map(JSONValue.string)) }
            } catch let error as MartletError {
                context.log("The model card could not be written: \(error.message)")
            }
            return outputs
        }
    }
}
