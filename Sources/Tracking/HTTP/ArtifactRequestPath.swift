import Artifacts
import Core
import HTTPSupport
import Hummingbird

/// Paths as clients send them, by MLflow's rules: decoded until nothing is left to decode, then checked.
enum ArtifactRequestPath {
    /// Rounds of decoding; MLflow's server has the same limit.
    static let decodings = 10

    /// The path that a client's text names beneath `root`.
    ///
    /// - Throws: `invalidArgument` with MLflow's words "Invalid path", or with the limit that it passes.
    static func path(_ text: String, beneath root: ArtifactPath = .root) throws(MartletError) -> ArtifactPath {
        let text = decoded(text)
        do {
            return try root.appending(text)
        } catch {
            let names = text.split(separator: "/", omittingEmptySubsequences: false)
            let isLong =
                names.count + root.components.count > ArtifactsLimits.components
                || names.contains { $0.utf8.count > ArtifactsLimits.componentBytes }
            if isLong, let error = error as? MartletError { throw error }
            throw MartletError(.invalidArgument, "Invalid path", cause: error)
        }
    }

    /// A directory beneath `root`: nothing or a path, which may end with a slash.
    ///
    /// - Throws: as `path`.
    static func directory(_ text: String?, beneath root: ArtifactPath = .root) throws(MartletError) -> ArtifactPath {
        let text = decoded(text ?? "")
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        // A lone slash is an absolute path.
        guard !text.isEmpty else { return root }
        return try path(trimmed, beneath: root)
    }

    /// The rest of the request's path after `base`, not decoded.
    static func rest(_ request: Request, after base: String) throws(MartletError) -> String {
        guard request.uri.path.hasPrefix(base + "/") else { throw MartletError(.invalidArgument, "Invalid path") }
        return String(request.uri.path.dropFirst(base.count + 1))
    }

    /// The text decoded until it stays the same; what cannot be decoded stays as it is.
    private static func decoded(_ text: String) -> String {
        var text = text
        for _ in 0..<decodings {
            guard let next = PercentEncoding.decode(text), next != text else { break }
            text = next
        }
        return text
    }
}
