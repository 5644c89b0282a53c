import Core
import Storage

/// What one of several servers on a database does for all, and how the others refuse it.
enum LeaderOnly {
    /// What a follower does not run.
    static let parts = ["deployments", "pipelines", "monitors", "loops"]

    /// Throws on a follower, and says who can answer.
    static func check(_ leadership: Leadership) throws(MartletError) {
        guard leadership.isLeader else {
            throw MartletError(
                .unavailable,
                "This server follows: another server on the same database runs \(parts.joined(separator: ", ")). "
                    + "Send the request to that one (GET /readyz there says role 'leader')."
            )
        }
    }
}
