package import Artifacts
package import Core
import Foundation

/// Where a model lies, as people write it: MLflow's addresses, a bucket, a folder or a file.
package enum ModelLocation: Sendable, Equatable {
    /// `models:/name/3`, `models:/name@alias`, `models:/name/latest`: a version in a registry.
    case registered(name: String, Reference)
    /// `models:/m-…`: a logged model.
    case loggedModel(String)
    /// `runs:/<run>/<path>`: a folder or file among a run's artifacts.
    case run(String, path: ArtifactPath)
    /// `mlflow-artifacts:/<path>`: a folder or file of a tracking server's store.
    case artifacts(ArtifactPath)
    /// `s3://bucket/prefix`: a folder or object in a bucket.
    case bucket(String)
    /// A folder or file of this host.
    case local(String)

    /// How a version of a registered model is named.
    package enum Reference: Sendable, Equatable {
        /// By its number.
        case version(Int)
        /// By an alias that points to it.
        case alias(String)
        /// The one with the highest number.
        case latest
    }

    private static let forms =
        "Write models:/NAME@ALIAS, models:/NAME/VERSION, models:/m-ID, runs:/RUN/PATH, mlflow-artifacts:/PATH,"
        + " s3://BUCKET/PREFIX, a folder or a file."

    /// Reads an address.
    ///
    /// - Throws: `invalidArgument` saying what is wrong and which forms there are.
    package init(_ text: String) throws(MartletError) {
        guard !text.isEmpty, text.utf8.count <= ServerLimits.modelLocationBytes,
            !text.unicodeScalars.contains(where: { $0.value < 32 })
        else { throw Self.refusal(text, "It is empty, too long or has control characters.") }
        guard let scheme = Self.scheme(of: text) else {
            self = .local(text)
            return
        }
        switch scheme {
        case "models": self = try Self.model(text)
        case "runs":
            let names = try Self.names(text, after: "runs:/")
            guard let run = names.first, names.count > 1 else {
                throw Self.refusal(text, "The run's id and a path among its artifacts are needed.")
            }
            self = .run(run, path: try Self.path(names.dropFirst().joined(separator: "/"), text))
        case "mlflow-artifacts":
            let names = try Self.names(text, after: "mlflow-artifacts:/")
            guard !names.isEmpty else { throw Self.refusal(text, "The path is missing.") }
            self = .artifacts(try Self.path(names.joined(separator: "/"), text))
        case "s3":
            guard text.hasPrefix("s3://"), text.count > "s3://".count else {
                throw Self.refusal(text, "The bucket is missing.")
            }
            self = .bucket(text)
        case "file":
            let rest = text.dropFirst("file:".count)
            let path = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
            guard path.hasPrefix("/") else { throw Self.refusal(text, "A file: address has an absolute path.") }
            self = .local(String(path).removingPercentEncoding ?? String(path))
        default: throw Self.refusal(text, "Martlet does not read models over '\(scheme)'.")
        }
    }

    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon]
        guard scheme.utf8.count > 1, let first = scheme.first, first.isASCII, first.isLetter,
            scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }),
            text[colon...].hasPrefix(":/")
        else { return nil }
        return scheme.lowercased()
    }

    private static func model(_ text: String) throws(MartletError) -> ModelLocation {
        guard text.hasPrefix("models:/"), !text.hasPrefix("models://") else {
            throw refusal(text, "A server in the address is not supported: name it with --tracking-uri.")
        }
        let rest = text.dropFirst("models:/".count)
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
            if let number = Int(parts[1]), number > 0 { return .registered(name: parts[0], .version(number)) }
            if parts[1].lowercased() == "latest" { return .registered(name: parts[0], .latest) }
            throw refusal(text, "'\(parts[1].prefix(80))' is no version; a stage is written as an alias.")
        }
        guard parts.count == 1 else { throw refusal(text, "It has too many parts.") }
        if rest.hasPrefix("m-"), Identifier.isValid(String(rest.dropFirst(2))) { return .loggedModel(String(rest)) }
        if let at = rest.lastIndex(of: "@"), at != rest.startIndex, rest.index(after: at) != rest.endIndex {
            let alias = String(rest[rest.index(after: at)...])
            let reference: Reference = alias.lowercased() == "latest" ? .latest : .alias(alias)
            return .registered(name: String(rest[..<at]), reference)
        }
        throw refusal(text, "It names no version.")
    }

    private static func names(_ text: String, after prefix: String) throws(MartletError) -> [String] {
        guard text.hasPrefix(prefix), !text.hasPrefix(prefix + "/") else {
            throw refusal(text, "A server in the address is not supported: name it with --tracking-uri.")
        }
        return text.dropFirst(prefix.count).split(separator: "/").map(String.init)
    }

    private static func path(_ path: String, _ text: String) throws(MartletError) -> ArtifactPath {
        do {
            return try ArtifactPath(validating: path)
        } catch {
            throw MartletError(.invalidArgument, "'\(text.prefix(200))' has no acceptable path. \(forms)", cause: error)
        }
    }

    private static func refusal(_ text: String, _ reason: String) -> MartletError {
        MartletError(.invalidArgument, "'\(text.prefix(200))' is no place of a model. \(reason) \(forms)")
    }

    /// A name for a deployment of the model: lower-case letters, digits and inner hyphens.
    package var suggestedName: String {
        let text =
            switch self {
            case .registered(let name, _): name
            case .loggedModel: "model"
            case .run(_, let path), .artifacts(let path): Self.stem(path.name)
            case .bucket(let text), .local(let text): Self.stem(text.split(separator: "/").last.map(String.init) ?? "")
            }
        var name = ""
        for character in text.lowercased() {
            let isPlain = character.isASCII && (character.isLetter || character.isNumber)
            if isPlain { name.append(character) } else if !name.isEmpty, !name.hasSuffix("-") { name.append("-") }
        }
        while name.hasSuffix("-") { name.removeLast() }
        return name.isEmpty ? "model" : String(name.prefix(40))
    }

    /// The name of a file without its ending.
    private static func stem(_ name: String) -> String {
        let endings = [".onnx", ".ubj", ".json", ".txt", ".xgb", ".lgb"]
        return endings.first { name.lowercased().hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
    }
}
