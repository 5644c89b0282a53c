internal import Core
internal import Synchronization

/// An advisory lock of a session of its own.
final class PostgresLeaderLock: LeaderLock {
    private let connector: PostgresConnector
    private let session = Mutex<PostgresSession?>(nil)

    init(connector: PostgresConnector) {
        self.connector = connector
    }

    func acquire() throws(MartletError) -> Bool {
        try session.withLock { session throws(MartletError) in try Self.take(&session, connector) }
    }

    func keep() throws(MartletError) -> Bool {
        try session.withLock { session throws(MartletError) in
            if let held = session {
                do throws(MartletError) {
                    _ = try held.run("SELECT 1 AS alive", []) { result throws(MartletError) in result.changes }
                    return true
                } catch {
                    session = nil
                }
            }
            return try Self.take(&session, connector)
        }
    }

    func release() {
        session.withLock { session in
            guard let held = session else { return }
            session = nil
            // Ending the connection frees the lock too, but only when the server gets round to it; another server that
            // asks at once would be told that somebody still leads.
            do throws(MartletError) {
                let sql = "SELECT pg_advisory_unlock_all() IS NULL AS freed"
                _ = try held.run(sql, []) { result throws(MartletError) in try result.rows(limit: 1).count }
            } catch {
                // A connection that is lost holds nothing.
            }
        }
    }

    private static func take(
        _ session: inout PostgresSession?,
        _ connector: PostgresConnector
    ) throws(MartletError) -> Bool {
        let current: PostgresSession
        if let session {
            current = session
        } else {
            current = try connector.connect(answerSeconds: StorageLimits.leaderAnswerSeconds)
            session = current
        }
        do throws(MartletError) {
            let sql = "SELECT pg_try_advisory_lock(\(current.lockNumbers(.leader))) AS held"
            let row = try current.run(sql, []) { result throws(MartletError) in try result.rows(limit: 1).first }
            return row?.optionalInt("held") == 1
        } catch {
            session = nil
            throw error
        }
    }
}
