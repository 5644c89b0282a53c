import Synchronization

/// Directories beneath which something was written lately, so that no file of their name needs to be looked for again.
final class S3KnownDirectories: Sendable {
    private let known = Mutex<Set<String>>([])

    func contains(_ key: String) -> Bool {
        known.withLock { $0.contains(key) }
    }

    func insert(_ keys: [String]) {
        known.withLock { known in
            if known.count + keys.count > S3Limits.knownDirectories { known.removeAll() }
            known.formUnion(keys)
        }
    }

    func remove(_ key: String) {
        known.withLock { known in known = known.filter { $0 != key && !$0.hasPrefix(key + "/") } }
    }
}
