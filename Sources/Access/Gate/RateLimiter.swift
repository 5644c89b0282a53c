import Core
import Synchronization

/// The rates of tokens and workspaces.
final class RateLimiter: Sendable {
    private let buckets = Mutex<[String: TokenBucket]>([:])

    /// Counts a request.
    ///
    /// - Parameters:
    ///   - key: what is counted.
    ///   - rate: how many a second.
    ///   - what: what to call it.
    /// - Throws: `resourceExhausted` that says when to try again.
    func take(_ key: String, perSecond rate: Double, what: String) throws(MartletError) {
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
            "The \(what) allows \(rate.formatted) requests a second; try again later.",
            retryAfterSeconds: Swift.max(1, Int(Swift.min(wait.rounded(.up), Double(AccessLimits.longestWaitSeconds))))
        )
    }
}

extension Double {
    fileprivate var formatted: String {
        self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self)
    }
}
