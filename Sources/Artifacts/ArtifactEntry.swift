package import Core

/// One line of a listing.
package struct ArtifactEntry: Hashable, Sendable {
    /// Where it lies beneath the store's root.
    package let path: ArtifactPath
    /// Whether it is a directory.
    package let isDirectory: Bool
    /// Bytes of a file; nil for a directory.
    package let size: Int64?
    /// When a file was stored; nil for a directory.
    package let modified: Timestamp?

    /// Makes a line of a listing.
    package init(path: ArtifactPath, isDirectory: Bool, size: Int64?, modified: Timestamp? = nil) {
        self.path = path
        self.isDirectory = isDirectory
        self.size = size
        self.modified = modified
    }
}
