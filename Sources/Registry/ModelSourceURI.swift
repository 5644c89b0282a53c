import Artifacts
import Core

/// A version's source as the client wrote it, understood but not yet looked up.
enum ModelSourceURI: Equatable {
    /// `models:/m-…`: a logged model.
    case loggedModel(String)
    /// `models:/name/3` or `models:/name@alias`: another version.
    case version(model: String, reference: Reference)
    /// `runs:/<run>/path`: a folder among a run's artifacts.
    case run(String, path: String)
    /// `mlflow-artifacts:/…`: a folder of the store.
    case store(ArtifactPath)
    /// An object store that clients reach themselves.
    case foreign(String)
    /// The fixed text that MLflow's prompts have instead of files.
    case prompt

    enum Reference: Equatable {
        case version(Int)
        case alias(String)
    }

    private static let foreignSchemes = ["s3", "gs", "abfss", "abfs", "wasbs", "hdfs", "r2"]

    /// Reads a source.
    ///
    /// - Throws: `invalidArgument` for folders of the host, addresses of the web, and paths that could leave theirs.
    init(_ text: String, isPrompt: Bool) throws(MartletError) {
        guard text.count <= RegistryLimits.sourceCharacters else { throw Self.refusal(text, "it is too long") }
        if isPrompt {
            guard text == "dummy-source" || text == "prompt-template" else {
                throw Self.refusal(text, "a prompt has no files, its source is 'dummy-source'")
            }
            self = .prompt
        } else if text.hasPrefix("models:/") {
            self = try Self.model(text)
        } else if text.hasPrefix("runs:/") {
            let parts = text.dropFirst("runs:/".count).split(
                separator: "/",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, !parts[0].isEmpty, let path = try? ArtifactPath(validating: String(parts[1])) else {
                throw Self.refusal(text, "it must be runs:/<run id>/<path> with a path that stays in the run")
            }
            self = .run(String(parts[0]), path: path.description)
        } else if text.hasPrefix(ArtifactURI.prefix) {
            guard let path = ArtifactURI.path(of: text), !path.isRoot else {
                throw Self.refusal(text, "it must be mlflow-artifacts:/<path> with a path that stays in the store")
            }
            self = .store(path)
        } else {
            let scheme = Self.foreignSchemes.first { text.hasPrefix($0 + "://") }
            guard scheme != nil, !text.contains(".."), !text.contains("%"), !text.contains(where: \.isWhitespace) else {
                throw Self.refusal(
                    text,
                    "it must be runs:/…, models:/… or mlflow-artifacts:/…; folders of the server and web addresses are "
                        + "not accepted"
                )
            }
            self = .foreign(text)
        }
    }

    private static func model(_ text: String) throws(MartletError) -> ModelSourceURI {
        let rest = text.dropFirst("models:/".count)
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 1, rest.hasPrefix("m-"), Identifier.isValid(String(rest.dropFirst(2))) {
            return .loggedModel(String(rest))
        }
        if parts.count == 2, !parts[0].isEmpty, let version = Int(parts[1]), version > 0 {
            return .version(model: String(parts[0]), reference: .version(version))
        }
        let sides = rest.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count == 1, sides.count == 2, sides.allSatisfy({ !$0.isEmpty }) {
            return .version(model: String(sides[0]), reference: .alias(String(sides[1])))
        }
        throw refusal(text, "it must be models:/<logged model id>, models:/<name>/<version> or models:/<name>@<alias>")
    }

    static func refusal(_ text: String, _ reason: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Invalid model version source: '\(text.prefix(200))'. \(reason.capitalizedFirst)."
        )
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
