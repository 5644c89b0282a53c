internal import Core
internal import GRDB
internal import Synchronization

/// The prepared statements of every connection that GRDB has opened.
final class SQLiteConnections: Sendable {
    private let connections = Mutex<[UInt: SQLiteConnection]>([:])

    /// The statements of a connection; call it only where GRDB has handed the connection out.
    func connection(of database: GRDB.Database) throws(MartletError) -> SQLiteConnection {
        guard let handle = database.sqliteConnection else {
            throw MartletError(.unavailable, "The database is closed.")
        }
        return connections.withLock { connections in
            let key = UInt(bitPattern: handle)
            if let connection = connections[key] { return connection }
            let connection = SQLiteConnection(handle)
            connections[key] = connection
            return connection
        }
    }

    /// Ends all statements; call it when none runs.
    func finalize() {
        connections.withLock { connections in
            for connection in connections.values { connection.finalize() }
            connections = [:]
        }
    }
}
