import Core
import Synchronization

/// How many calls of each webhook are taken, and how many wrong ones are answered, in a minute.
final class WebhookGate: Sendable {
    private struct Bucket {
        var level: Double
        var at: Timestamp
    }

    private let buckets = Mutex<[String: Bucket]>([:])

    /// Takes one of the calls that are allowed in a minute; all of a minute may come at once.
    ///
    /// - Parameters:
    ///   - key: Whose calls.
    ///   - perMinute: How many are allowed.
    ///   - now: The time.
    /// - Throws: `resourceExhausted` saying when the next may come.
    func take(_ key: String, perMinute: Int, now: Timestamp) throws(MartletError) {
        let wait: Double? = buckets.withLock { buckets in
            let most = Double(perMinute)
            var bucket = buckets[key] ?? Bucket(level: most, at: now)
            let passed = max(0, (now - bucket.at).inSeconds)
            bucket.level = min(most, bucket.level + passed * most / 60)
            bucket.at = now
            let isFree = bucket.level >= 1
            if isFree { bucket.level -= 1 }
            buckets[key] = bucket
            return isFree ? nil : (1 - bucket.level) * 60 / most
        }
        guard let wait else { return }
        throw MartletError(
            .resourceExhausted,
            "The webhook takes \(perMinute) calls in a minute; the next may come in \(Int(wait.rounded(.up))) s."
        )
    }
}
