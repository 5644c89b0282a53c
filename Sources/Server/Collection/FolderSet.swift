import Artifacts

/// Folders that something needs, and whether another folder lies in one of them or holds one.
struct FolderSet: Sendable {
    private var folders: Set<String> = []
    private var parents: Set<String> = []

    init(_ paths: some Sequence<ArtifactPath>) {
        for path in paths { insert(path) }
    }

    mutating func insert(_ path: ArtifactPath) {
        let text = path.description
        guard folders.insert(text).inserted else { return }
        var rest = text[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            guard parents.insert(String(rest)).inserted else { break }
        }
    }

    /// Whether `path` is one of the folders, lies in one, or holds one.
    func touches(_ path: ArtifactPath) -> Bool {
        let text = path.description
        if folders.contains(text) || parents.contains(text) { return true }
        var rest = text[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            if folders.contains(String(rest)) { return true }
        }
        return false
    }
}
