import Synchronization

/// Directories that are known to hold no file of their name, so that it needs not be looked for again.
package final class S3KnownDirectories: Sendable {
    private let known = Mutex<Set<String>>([])

    /// None yet.
    package init() {}

    /// Whether a key is known.
    package func contains(_ key: String) -> Bool {
        known.withLock { $0.contains(key) }
    }

    /// Notes keys; past `S3Limits.knownDirectories` the others are forgotten first.
    package func insert(_ keys: [String]) {
        known.withLock { known in
            if known.count + keys.count > S3Limits.knownDirectories { known.removeAll() }
            known.formUnion(keys.prefix(S3Limits.knownDirectories))
        }
    }

    /// Forgets a key and what lies beneath it.
    package func remove(_ key: String) {
        known.withLock { known in known = known.filter { $0 != key && !$0.hasPrefix(key + "/") } }
    }
}
