import Artifacts
import Core
import Foundation

/// Where the artifacts of an experiment may lie when its creator says so (MLflow's `artifact_location`).
enum ArtifactLocation {
    /// The location to store.
    ///
    /// Folders of this server's store are served by it. Object stores and folders of a machine are only written down:
    /// clients reach them without this server, which neither reads nor writes there. A relative folder is resolved
    /// against the server's working directory, as MLflow does.
    ///
    /// - Throws: `invalidArgument` for a location that leaves its root, that names a host to connect to, or that no
    ///   client understands.
    static func resolved(_ location: String) throws(MartletError) -> String {
        guard location.unicodeScalars.count <= TrackingLimits.locationCharacters else {
            throw MartletError(
                .invalidArgument,
                "Invalid artifact path length. The length of 'artifact_location' cannot be greater than "
                    + "\(TrackingLimits.locationCharacters) characters."
            )
        }
        if ArtifactURI.path(of: location) != nil { return location }
        try checkParts(location)
        guard let scheme = scheme(of: location) else { return try absolute(location, location) }
        switch scheme {
        case "file": return try file(location)
        case "runs":
            throw MartletError(
                .invalidArgument,
                "Artifact location cannot be a runs:/ URI. Given: '\(location.prefix(80))'"
            )
        case "http", "https", "ftp", "sftp", "hdfs", "viewfs", "mlflow-artifacts":
            throw MartletError(
                .invalidArgument,
                "'artifact_location' cannot use the '\(scheme)' scheme: it addresses a host other than this server's "
                    + "artifact storage. Leave it out, or name a folder of this server as mlflow-artifacts:/<folder>."
            )
        case "models", "javascript", "data":
            throw invalid(location, "leave it out, name a folder as mlflow-artifacts:/<folder>, or an object store.")
        default: return location
        }
    }

    /// The location of something beneath another: before the query, if there is one.
    static func appending(_ path: String, to location: String) -> String {
        let end = location.firstIndex(of: "?") ?? location.endIndex
        let root = location[..<end]
        return root + (root.hasSuffix("/") ? "" : "/") + path + location[end...]
    }

    private static func checkParts(_ location: String) throws(MartletError) {
        guard !location.contains(where: { "#;".contains($0) }) else {
            throw MartletError(.invalidArgument, "'artifact_location' URL can't include fragments or params.")
        }
        // "%25" hides another escape.
        let text = location.lowercased()
        guard !["..", "%2e", "%25", "\\", "\n", "\r"].contains(where: { text.contains($0) }) else {
            throw invalid(location, "'..', escaped dots, backslashes and line ends are not allowed in it.")
        }
    }

    /// The scheme, if the location is a URI.
    private static func scheme(of location: String) -> String? {
        guard let colon = location.firstIndex(of: ":") else { return nil }
        let scheme = location[..<colon]
        let isScheme =
            scheme.first.map { $0.isASCII && $0.isLetter } ?? false
            && scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        return isScheme ? scheme.lowercased() : nil
    }

    /// `file:/path`, `file:///path`, `file://localhost/path` or `file:relative`.
    private static func file(_ location: String) throws(MartletError) -> String {
        var path = location.dropFirst("file:".count)
        if path.hasPrefix("//") {
            let rest = path.dropFirst(2)
            let host = rest.prefix { $0 != "/" }
            guard host.isEmpty || host == "localhost" else {
                throw invalid(location, "a file: URI names no other host.")
            }
            path = rest.dropFirst(host.count)
        }
        if path.hasPrefix("/") { return location }
        return "file://" + (try absolute(String(path), location))
    }

    private static func absolute(_ path: String, _ location: String) throws(MartletError) -> String {
        guard !path.isEmpty else { throw invalid(location, "it names no folder.") }
        if path.hasPrefix("/") { return path }
        let folder = FileManager.default.currentDirectoryPath
        return (folder.hasSuffix("/") ? folder : folder + "/") + path
    }

    private static func invalid(_ location: String, _ reason: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid artifact location '\(location.prefix(80))': \(reason)")
    }
}
