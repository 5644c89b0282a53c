/// The named maxima of writing back to Git.
package enum GitOpsLimits {
    /// Largest YAML file that is edited, in bytes.
    package static let fileBytes = 1024 * 1024
    /// Parts of a key path.
    package static let keyPathParts = 32
    /// Deepest nesting of a file that is edited.
    package static let nesting = 100
    /// Values of a file that are compared before and after, with those that aliases repeat.
    package static let comparedNodes = 200_000
    /// Characters of a value that is written.
    package static let valueCharacters = 1000
    /// Characters of the address of a repository.
    package static let addressCharacters = 1000
    /// Characters of a message's template.
    package static let messageCharacters = 4000
    /// Metrics that a message lists.
    package static let messageMetrics = 50
    /// Lines of known hosts.
    package static let knownHosts = 50
    /// Times that a commit is made anew because the branch has moved.
    package static let attempts = 5
    /// Longest pause between two of them, in seconds.
    package static let pauseSeconds = 8
    /// Longest time that one call of git may be given, in seconds.
    package static let longestCallSeconds: Int64 = 600
    /// Time that one call of git is given, in seconds.
    package static let callSeconds: Int64 = 60
    /// Bytes of what one call of git says.
    package static let outputBytes = 2 * 1024 * 1024
    /// Characters of what a repository says that are repeated in an error.
    package static let quotedCharacters = 300
}
