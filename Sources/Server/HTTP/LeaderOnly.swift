import Access
import Core
import HTTPSupport
import Storage

/// What one of several servers on a database does for all, and how the others refuse it.
enum LeaderOnly {
    /// What a follower does not run.
    static let parts = ["deployments", "pipelines", "monitors", "loops"]

    /// Lets requests through on the leader; a follower answers 503 and says who can answer.
    static func authorizer(_ leadership: Leadership) -> RouteTable.Authorizer {
        { permission, request, context in
            guard leadership.isLeader else {
                throw MartletError(
                    .unavailable,
                    "This server follows: another server on the same database runs \(parts.joined(separator: ", ")). "
                        + "Send the request to that one (GET /readyz there says role 'leader')."
                )
            }
            return try LoopbackAccess.authorizer(permission, request, context)
        }
    }
}
