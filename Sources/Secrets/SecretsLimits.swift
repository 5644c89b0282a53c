/// The named maxima of secrets.
package enum SecretsLimits {
    /// Most secrets of a workspace.
    package static let secrets = 1000
    /// Longest name, in characters.
    package static let nameCharacters = 64
    /// Shortest value, in bytes: what is shorter could not be hidden in logs without hiding half of them.
    package static let shortestValueBytes = 4
    /// Longest value, in bytes.
    package static let valueBytes = 32 * 1024
    /// Largest body of a request that sets one, in bytes; a value may be written with escapes.
    package static let bodyBytes = 8 * valueBytes
    /// Most keys that are kept at once: the current one and those of rotations that did not finish.
    package static let keys = 16
    /// Largest key file, or output of a key command, in bytes.
    package static let keyTextBytes = 4096
    /// How long a key command may take.
    package static let keyCommandTime = Duration.seconds(30)
}
