package import Core

/// The way to one value of a YAML file, such as `deployments.cancer.version`.
package struct YAMLPath: Sendable, Equatable, CustomStringConvertible {
    /// The keys; one that is a number may be a position in a sequence.
    package let parts: [String]

    /// A way of keys.
    ///
    /// - Parameter parts: the keys.
    /// - Throws: `invalidArgument` for none, too many or empty ones.
    package init(parts: [String]) throws(MartletError) {
        guard (1...GitOpsLimits.keyPathParts).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw MartletError(
                .invalidArgument,
                "A key path has 1 to \(GitOpsLimits.keyPathParts) keys, none of them empty, such as "
                    + "deployments.cancer.version."
            )
        }
        self.parts = parts
    }

    /// Reads keys joined by dots; a key with dots of its own is written in a list instead.
    package init(_ text: String) throws(MartletError) {
        try self.init(parts: text.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
    }

    package var description: String { parts.joined(separator: ".") }
}
