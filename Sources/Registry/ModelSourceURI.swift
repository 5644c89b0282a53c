import Artifacts
import Core

/// A version's source as the client wrote it, understood but not yet looked up.
enum ModelSourceURI: Equatable {
    /// `models:/m-…`: a logged model.
    case loggedModel(String)
    /// `models:/name/3`, `models:/name@alias`, `models:/name/Production`: another version.
    case version(model: String, reference: Reference)
    /// `runs:/<run>/path`: a folder among a run's artifacts; the empty path is all of them.
    case run(String, path: String)
    /// `mlflow-artifacts:/…`: a folder of the store.
    case store(ArtifactPath)
    /// A place that clients reach themselves and this server never does.
    case foreign(String)
    /// The fixed text that MLflow's prompts have instead of files.
    case prompt

    enum Reference: Equatable {
        case version(Int)
        case alias(String)
        case stage(ModelVersion.Stage)
        case latest
    }

    /// Schemes with a host that a server would be made to talk to.
    private static let hostSchemes = ["http", "https", "ftp", "sftp"]

    /// Reads a source.
    ///
    /// - Throws: `invalidArgument` for folders of the host, addresses of the web, and paths that could leave theirs.
    init(_ text: String, isPrompt: Bool) throws(MartletError) {
        guard text.count <= RegistryLimits.sourceCharacters else { throw Self.refusal(text, "it is too long") }
        guard !isPrompt else {
            guard text == "dummy-source" || text == "prompt-template" else {
                throw MartletError(
                    .invalidArgument,
                    "Invalid prompt source: '\(text.prefix(200))'. Prompt sources must use an MLflow placeholder."
                )
            }
            self = .prompt
            return
        }
        guard let scheme = Self.scheme(of: text), scheme != "file" else { throw Self.localPath(text) }
        try Self.checkPath(text)
        switch scheme {
        case "models": self = try Self.model(text)
        case "runs": self = try Self.run(text)
        case "mlflow-artifacts": self = .store(try Self.storePath(text))
        default:
            guard !Self.hostSchemes.contains(scheme) else {
                throw Self.refusal(
                    text,
                    "'source' cannot use the '\(scheme)' scheme: this server does not connect to a host that a client "
                        + "names; use runs:/…, models:/… or mlflow-artifacts:/…"
                )
            }
            guard text.dropFirst(scheme.count).hasPrefix(":/"), !text.contains(where: \.isWhitespace) else {
                throw Self.refusal(text, "it must be runs:/…, models:/…, mlflow-artifacts:/… or <scheme>://<path>")
            }
            self = .foreign(text)
        }
    }

    /// The lower-case scheme of a URI, or nil for what is no URI but a path.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon]
        guard let first = scheme.first, first.isASCII, first.isLetter,
            scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) })
        else { return nil }
        return scheme.lowercased()
    }

    /// Refuses paths with `.`, `..` or NUL, however often they are percent-encoded.
    private static func checkPath(_ text: String) throws(MartletError) {
        var bytes = Array(text.utf8)
        // Every round that finds an escape makes the text shorter, so this ends.
        while let decoded = unescaped(bytes) { bytes = decoded }
        let decoded = String(decoding: bytes, as: UTF8.self)
        let names = decoded.split { "/\\?#".contains($0) }
        guard !names.contains(".."), !names.contains("."), !decoded.unicodeScalars.contains(where: { $0.value < 32 })
        else {
            throw refusal(
                text,
                "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an "
                    + "absolute path must be provided without relative path references present. Please provide an "
                    + "absolute path"
            )
        }
    }

    /// The bytes with every percent escape decoded once, broken ones kept; nil if there is none to decode.
    private static func unescaped(_ bytes: [UInt8]) -> [UInt8]? {
        var found = false
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), rest.count >= 2, digits.allSatisfy(\.isHexDigit),
                let value = UInt8(digits, radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(2)
                found = true
            } else {
                result.append(byte)
            }
        }
        return found ? result : nil
    }

    private static func run(_ text: String) throws(MartletError) -> ModelSourceURI {
        let names = try plainNames(text, after: "runs:/", owner: "run_id")
        guard let run = names.first else {
            throw refusal(text, "it must be runs:/<run id>/<path> with a path that stays in the run")
        }
        let path = names.dropFirst().joined(separator: "/")
        guard path.isEmpty || (try? ArtifactPath(validating: path)) != nil else {
            throw refusal(text, "it must be runs:/<run id>/<path> with a path that stays in the run")
        }
        return .run(run, path: path)
    }

    private static func storePath(_ text: String) throws(MartletError) -> ArtifactPath {
        let path = try plainNames(text, after: ArtifactURI.prefix, owner: "run_id").joined(separator: "/")
        guard let path = ArtifactURI.path(of: ArtifactURI.prefix + path) else {
            throw refusal(text, "it must be mlflow-artifacts:/<path> with a path that stays in the store")
        }
        return path
    }

    /// The components after a prefix; a URI with a host in it names another server.
    private static func plainNames(
        _ text: String,
        after prefix: String,
        owner: String
    ) throws(MartletError) -> [String] {
        guard text.hasPrefix(prefix), !text.hasPrefix(prefix + "/") else { throw notTheOwner(text, owner) }
        return text.dropFirst(prefix.count).split(separator: "/").map(String.init)
    }

    private static func model(_ text: String) throws(MartletError) -> ModelSourceURI {
        guard text.hasPrefix("models:/"), !text.hasPrefix("models://") else { throw notTheOwner(text, "model_id") }
        let rest = text.dropFirst("models:/".count)
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 1, rest.hasPrefix("m-"), Identifier.isValid(String(rest.dropFirst(2))) {
            return .loggedModel(String(rest))
        }
        if parts.count == 2, !parts[0].isEmpty {
            let (name, suffix) = (String(parts[0]), String(parts[1]))
            if let version = Int(suffix), version > 0 { return .version(model: name, reference: .version(version)) }
            if suffix.lowercased() == "latest" { return .version(model: name, reference: .latest) }
            if let stage = try? RegistryRules.stage(suffix) { return .version(model: name, reference: .stage(stage)) }
        }
        if parts.count == 1, let at = rest.lastIndex(of: "@"), at != rest.startIndex,
            rest.index(after: at) != rest.endIndex
        {
            return .version(model: String(rest[..<at]), reference: .alias(String(rest[rest.index(after: at)...])))
        }
        throw refusal(text, "it must be models:/<logged model id>, models:/<name>/<version> or models:/<name>@<alias>")
    }

    /// The error for a source that does not lie where the run or logged model that the caller named keeps its files.
    static func notTheOwner(_ text: String, _ field: String) -> MartletError {
        refusal(text, "The \(field) request parameter must identify the resource that contains the source")
    }

    private static func localPath(_ text: String) -> MartletError {
        refusal(
            text,
            "To use a local path as a model version source, the run_id request parameter has to be specified and the "
                + "local path has to be contained within the artifact directory of the run specified by the run_id; "
                + "this server keeps no artifacts at local paths"
        )
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
