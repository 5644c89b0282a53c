import Core
import Synchronization

/// The rates of tokens and workspaces.
final class RateLimiter: Sendable {
    /// What is counted.
    enum Key: Hashable {
        /// A token, by its id.
        case token(String)
        /// A workspace, by its name.
        case workspace(String)

        /// What to call it.
        var words: String {
            switch self {
            case .token: "token"
            case .workspace(let name): "workspace '\(name)'"
            }
        }
    }

    private let buckets = Mutex<[Key: TokenBucket]>([:])

    /// Counts a request.
    ///
    /// - Parameters:
    ///   - key: what is counted.
    ///   - rate: how many a second.
    /// - Throws: `resourceExhausted` that says when to try again.
    func take(_ key: Key, perSecond rate: Double) throws(MartletError) {
        let now = Clock.monotonicNanoseconds
        let wait = buckets.withLock { buckets in
            if buckets[key]?.rate != rate {
                // Full buckets are as good as none.
                if buckets.count >= AccessLimits.rateBuckets { buckets = [:] }
                buckets[key] = TokenBucket(rate: rate, now: now)
            }
            return buckets[key]?.take(now: now)
        }
        guard let wait else { return }
        throw MartletError(
            .resourceExhausted,
            "The \(key.words) allows \(rate.formatted) requests a second; try again later.",
            retryAfterSeconds: Swift.max(1, Int(Swift.min(wait.rounded(.up), Double(AccessLimits.longestWaitSeconds))))
        )
    }
}

extension Double {
    fileprivate var formatted: String {
        self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self)
    }
}
