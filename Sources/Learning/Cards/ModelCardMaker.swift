package import Artifacts
package import Core
import Plots
import Runtimes
package import Tracking

/// A registered version as a card needs it.
package struct CardSubject: Sendable {
    /// The model's name.
    package let model: String
    /// The version's number.
    package let version: Int
    /// What its author says of it.
    package let description: String
    /// Its tags.
    package let tags: [(name: String, value: String)]
    /// The run that trained it; nil when there is none on this server.
    package let runID: String?
    /// Where it came from.
    package let source: String
    /// Its folder in the artifact store; nil when the files lie elsewhere.
    package let folder: ArtifactPath?
    /// When it was registered.
    package let created: Timestamp

    /// Names a version.
    package init(
        model: String,
        version: Int,
        description: String = "",
        tags: [(name: String, value: String)] = [],
        runID: String?,
        source: String,
        folder: ArtifactPath?,
        created: Timestamp
    ) {
        self.model = model
        self.version = version
        self.description = description
        self.tags = tags
        self.runID = runID
        self.source = source
        self.folder = folder
        self.created = created
    }
}

/// Makes cards from what was recorded when a model was trained, judged and registered.
package struct ModelCardMaker: Sendable {
    private let tracking: TrackingStore

    /// A maker over the stores of one server.
    package init(tracking: TrackingStore) {
        self.tracking = tracking
    }

    /// The tag of a run or version under which a text of its author is kept: `martlet.card.intended_use`.
    package static func tag(_ field: String) -> String { "martlet.card.\(field)" }

    /// What an author may say in a card.
    package static let fields = ["intended_use", "out_of_scope", "limits", "ethics", "owner", "license"]

    /// The card of a version.
    ///
    /// - Throws: `unavailable` when the artifact store cannot be read; a file that is not there is left out.
    package func card(of subject: CardSubject) async throws -> ModelCard {
        var facts = CardFacts(subject)
        if let runID = subject.runID {
            do {
                let run = try await tracking.run(runID)
                facts.params = run.params.map { ($0.key, $0.value) }
                facts.metrics = run.metrics.map { ($0.key, $0.value) }
                facts.runTags = run.tags.map { ($0.key, $0.value) }
                facts.datasets = run.datasets.map { ($0.name, $0.digest) }
                let root = try await tracking.artifactRoot(runID: runID)
                facts.evaluation = try await json(root.appending("evaluation.json"))
                facts.shap = try await json(root.appending("explanations/shap.json"))
            } catch let error as MartletError where error.code == .notFound {
                // The run was deleted; the version stands by itself.
            }
        }
        if let folder = subject.folder {
            facts.model = try await json(folder.appending(MartletModelFile.name))
        }
        return facts.card
    }

    private func json(_ path: ArtifactPath) async throws -> JSONValue? {
        do {
            let bytes = try await tracking.artifacts.readAll(path, limit: LearningLimits.cardSourceBytes)
            return try? JSONValue.parse(bytes)
        } catch let error as MartletError where error.code == .notFound || error.code == .payloadTooLarge {
            return nil
        }
    }

    /// Writes a card beside the artifacts of the run that trained the version, when it was registered.
    ///
    /// - Returns: the paths beneath the run's artifacts; empty without a run.
    package func store(_ subject: CardSubject) async throws -> [String] {
        guard let runID = subject.runID else { return [] }
        let card = try await card(of: subject)
        let root = try await tracking.artifactRoot(runID: runID)
        var paths: [String] = []
        for (ending, text) in [("md", card.markdown), ("html", card.html)] {
            let path = "model_cards/\(subject.model)-\(subject.version).\(ending)"
            try await tracking.artifacts.write(root.appending(path), bytes: Array(text.utf8))
            paths.append(path)
        }
        return paths
    }
}
