import Artifacts
import Core
import Registry
import Tracking

/// What a version's own files say about it: Martlet's `martlet.json`, when there is one.
struct ModelCard: Sendable {
    /// What the model expects and answers; nil when the files do not say.
    var signature: ModelSignature?
    /// The metrics of its evaluation.
    var metrics: [String: Double] = [:]
    /// Its flavor, such as `xgboost`; nil when the files do not say.
    var flavor: String?

    /// Reads the card; a version whose files lie elsewhere or name no card has an empty one.
    static func read(_ version: ModelVersion, from artifacts: any ArtifactStore) async throws -> ModelCard {
        guard let root = try? version.artifactPath else { return ModelCard() }
        let path = try root.appending("martlet.json")
        guard try await artifacts.entry(path) != nil else { return ModelCard() }
        let bytes = try await artifacts.readAll(path, limit: ConsoleLimits.modelCardBytes)
        let json = try JSONValue.parse(bytes)
        var card = ModelCard()
        card.flavor = json["flavor"]?.stringValue
        if let signature = json["signature"], signature != .null {
            card.signature = try ModelSignature(json: signature)
        }
        for (name, value) in json["metrics"]?.objectValue?.pairs ?? [] {
            if let number = value.doubleValue { card.metrics[name] = number }
        }
        return card
    }
}
