import Core
import Foundation

/// Finds the folder that an artifact URI of a database or of `mlruns` names on this host.
///
/// A local place counts only if it lies below a folder that the operator named, or below the source's own folder: a
/// database is data, and a line in it must not make an import copy `/etc`.
struct ArtifactLocator: Sendable {
    /// Object stores that clients reach themselves.
    static let foreignSchemes = ["s3", "gs", "abfss", "abfs", "wasbs", "wasb", "hdfs", "viewfs", "r2", "dbfs"]

    /// The folder that was named with `--artifacts-root`.
    let root: String?
    /// The folder that the source lies in.
    let home: String
    /// Whether a server hands out what `mlflow-artifacts:` names.
    let isProxied: Bool

    /// Takes both folders with their links resolved.
    ///
    /// - Throws: `notFound` if the named folder is none.
    init(root: String?, home: String, isProxied: Bool = false) throws(MartletError) {
        if let root {
            guard let resolved = LocalFolder.resolved(root), LocalFolder.isFolder(resolved) else {
                throw MartletError(.notFound, "--artifacts-root '\(root)' is no folder.")
            }
            self.root = resolved
        } else {
            self.root = nil
        }
        self.home = LocalFolder.resolved(home) ?? home
        self.isProxied = isProxied
    }

    /// The place that a URI names.
    ///
    /// `tail` is the end of the place in MLflow's own layout, such as `1/<run>/artifacts`.
    func place(_ uri: String, tail: [String]) -> SourcePlace {
        guard !uri.isEmpty else { return .nothing }
        if let scheme = Self.foreignSchemes.first(where: { uri.hasPrefix($0 + "://") || uri.hasPrefix($0 + ":/") }) {
            if let root, let folder = relocated(tail, below: root) { return .folder(folder) }
            return scheme == "dbfs"
                ? .unreachable("The artifacts lie at '\(uri.prefix(200))'. \(Self.remedy)") : .elsewhere(uri)
        }
        if uri.hasPrefix("mlflow-artifacts:") { return handedThrough(uri) }
        guard let path = Self.localPath(uri) else {
            return .unreachable("The artifacts lie at '\(uri.prefix(200))'. \(Self.remedy)")
        }
        let absolute = path.hasPrefix("/") ? path : home + "/" + path
        if let folder = LocalFolder.resolved(absolute) {
            return isInside(folder) ? .folder(folder) : relocatedOrNot(tail, absolute)
        }
        // Nothing is there. Below a known folder that is no loss: MLflow makes the folder with the first file.
        let parent = URL(fileURLWithPath: absolute).standardizedFileURL.path
        if isInside(parent) || isInside(LocalFolder.resolved(Self.existingParent(of: parent)) ?? "/") {
            return root.flatMap { relocated(tail, below: $0) }.map(SourcePlace.folder) ?? .nothing
        }
        return relocatedOrNot(tail, absolute)
    }

    private static let remedy =
        "Name the folder that holds the artifacts with --artifacts-root, or leave them out with --no-artifacts."

    private func relocatedOrNot(_ tail: [String], _ path: String) -> SourcePlace {
        guard let root else {
            return .unreachable(
                "The artifacts lie outside the source's folder, at '\(path.prefix(200))'. \(Self.remedy)"
            )
        }
        return relocated(tail, below: root).map(SourcePlace.folder) ?? .nothing
    }

    /// The longest end of MLflow's layout that is a folder below the root.
    private func relocated(_ tail: [String], below root: String) -> String? {
        for count in stride(from: tail.count, through: 2, by: -1) {
            let end = tail.suffix(count)
            guard end.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("/") }) else { return nil }
            let path = root + "/" + end.joined(separator: "/")
            if let folder = LocalFolder.resolved(path), LocalFolder.isFolder(folder), isInside(folder) { return folder }
        }
        return nil
    }

    /// What a server's artifact proxy names.
    private func handedThrough(_ uri: String) -> SourcePlace {
        var rest = uri.dropFirst("mlflow-artifacts:".count)
        if rest.hasPrefix("//") { rest = rest.dropFirst(2).drop { $0 != "/" } }
        let components = rest.split(separator: "/").map(String.init)
        guard components.allSatisfy({ $0 != "." && $0 != ".." }) else {
            return .unreachable("The artifact URI '\(uri.prefix(200))' leaves its folder.")
        }
        if isProxied { return .proxied(components.joined(separator: "/")) }
        guard let base = root ?? proxyDefault else {
            return .unreachable("The artifacts are kept by the server ('\(uri.prefix(60))…'). \(Self.remedy)")
        }
        let path = ([base] + components).joined(separator: "/")
        guard let folder = LocalFolder.resolved(path) else { return .nothing }
        return isInside(folder) ? .folder(folder) : .unreachable("'\(uri.prefix(200))' is a link out of its folder.")
    }

    /// Where `mlflow server` keeps artifacts by default, beside its database.
    private var proxyDefault: String? {
        let folder = home + "/mlartifacts"
        return LocalFolder.isFolder(folder) ? folder : nil
    }

    private func isInside(_ path: String) -> Bool {
        let homes = [root, home == "/" ? nil : home].compactMap(\.self)
        return homes.contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    private static func existingParent(of path: String) -> String {
        var path = path
        while path != "/", LocalFolder.resolved(path) == nil {
            path = URL(fileURLWithPath: path).deletingLastPathComponent().path
        }
        return path
    }

    /// The path in `file:` URIs and plain paths; nil for other schemes.
    static func localPath(_ uri: String) -> String? {
        if uri.hasPrefix("file://") {
            let rest = uri.dropFirst("file://".count)
            let path = rest.drop { $0 != "/" }
            return String(path).removingPercentEncoding
        }
        if uri.hasPrefix("file:") { return String(uri.dropFirst("file:".count)).removingPercentEncoding }
        return uri.contains("://") ? nil : uri
    }
}
