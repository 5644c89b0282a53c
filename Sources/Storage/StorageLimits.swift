/// The named maxima of the database layer.
package enum StorageLimits {
    /// Most writes committed together.
    package static let writesPerCommit = 512
    /// Most writes waiting; one more is refused as `unavailable`.
    package static let pendingWrites = 65_536
    /// Most connections that read at the same time.
    package static let readers = 6
    /// How long a statement waits for another process's lock, in seconds.
    package static let busySeconds = 5.0
    /// Most bound values in one statement (SQLite's default maximum).
    package static let boundValues = 32_766
    /// Prepared statements that one SQLite connection keeps; the one not used for longest makes room.
    package static let sqliteStatements = 200
    /// Pages of SQLite's write-ahead log from which a commit moves them into the database.
    package static let checkpointPages = 4_000
    /// Pages that a copy of an SQLite database takes at a time.
    package static let snapshotPages: Int32 = 4_096
    /// Bytes of an SQLite log that are read at a time.
    package static let logReadBytes = 1_048_576
    /// Page cache of the SQLite connection that writes, in KiB.
    package static let writerCacheKiB = 8_192
    /// Page cache of each SQLite connection that reads, in KiB.
    package static let readerCacheKiB = 4_096
}

/// The maxima of copies of a database's rows.
extension StorageLimits {
    /// Rows that are read at a time.
    package static let rowsPerFetch = 500
    /// Most values that one statement of a restore binds.
    package static let rowValuesPerInsert = 8_000
    /// Bytes that are gathered before they are written, and read at a time.
    package static let rowBufferBytes = 1_048_576
    /// Largest value, in bytes (PostgreSQL's own limit).
    package static let rowValueBytes = 1_073_741_824
}

/// The maxima that hold for PostgreSQL alone.
extension StorageLimits {
    /// Oldest server that is accepted, as PostgreSQL numbers its versions.
    package static let postgresVersion = 130_000
    /// Most statements kept prepared on one connection; one more forgets the others.
    package static let preparedStatements = 256
    /// How long a read waits for one of the connections, in seconds.
    package static let readerWaitSeconds = 2.0
    /// How long a connection may take to be made while the server runs, in seconds.
    package static let connectSeconds = 1.0
    /// How long a server is waited for when a database is opened, in seconds.
    package static let openSeconds = 5.0
    /// How long after a failed connection the next is not tried, in seconds.
    package static let reconnectSeconds = 0.25
    /// How long a read waits for the answer to one statement, in seconds.
    package static let readSeconds = 60.0
    /// How long a write waits for the answer to one statement, in seconds; it may build an index.
    package static let writeSeconds = 600.0
    /// How long the database lets a write stand still before it undoes it, in seconds.
    package static let idleTransactionSeconds = 30
    /// How long a connection may be silent before it is probed, in seconds; also how long sent data may go unanswered.
    package static let keepaliveSeconds = 10
    /// How often the leader looks after its lock, and followers try to take it, in seconds.
    package static let leaderCheckSeconds = 1.0
    /// How long the leader's connection may take to answer, in seconds.
    package static let leaderAnswerSeconds = 2.0
    /// How long followers that were cut off leave the lock to the leader of before, in seconds.
    package static let leaderGraceSeconds = 5.0
    /// Changes that are noted of one write; more than that are not described one by one.
    package static let notedChanges = 200
}
