import Core

/// Artifact URIs of the store: `mlflow-artifacts:/` and a path, which never names a host or a folder of the machine.
package enum ArtifactURI {
    /// The scheme and the slash that begin every URI of the store.
    package static let prefix = "mlflow-artifacts:/"

    /// The URI of a path.
    package static func uri(of path: ArtifactPath) -> String {
        prefix + path.description
    }

    /// The path that a URI names, or nil if it is not a URI of the store or its path is not acceptable.
    ///
    /// `mlflow-artifacts://host/…` is refused: which server is meant is for the client to know.
    package static func path(of uri: String) -> ArtifactPath? {
        guard uri.hasPrefix(prefix) else { return nil }
        let rest = uri.dropFirst(prefix.count)
        guard !rest.contains(where: { "?;".contains($0) }) else { return nil }
        return rest.isEmpty ? .root : try? ArtifactPath(validating: String(rest))
    }
}
