package import Core

/// One replay as it is stored: a value whose state changes only by `handle`.
///
/// ```
/// queued ──started──► running ──finished──► succeeded        running ──failed──► failed
/// queued, running ──cancelled──► cancelled
/// running ──serverEnded──► queued (once), failed (the second time)
/// ```
/// An event that does not fit the state changes nothing.
package struct ReplayRecord: Sendable, Equatable {
    /// Where a replay stands.
    package enum State: String, Sendable, Equatable, CaseIterable {
        /// It waits for its turn.
        case queued
        /// It is under way.
        case running
        /// It has a report.
        case succeeded
        /// It could not be done.
        case failed
        /// Somebody stopped it.
        case cancelled

        /// Whether nothing happens any more.
        package var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
    }

    /// What happens to a replay.
    package enum Event: Sendable, Equatable {
        /// It is begun.
        case started
        /// So many rows were read, which is a share of the window.
        case progressed(rows: Int, fraction: Double)
        /// It has a report.
        case finished(JSONObject, ReplayVerdict)
        /// It cannot be done.
        case failed(String)
        /// Somebody stopped it.
        case cancelled(by: String)
        /// The server that ran it is gone.
        case serverEnded
    }

    /// Its id.
    package let id: String
    /// What was asked for.
    package let request: ReplayRequest
    /// Who asked: a caller's name, or `rollout <id>`.
    package let requestedBy: String
    /// Under which a second request finds the first; nil when every request is a new one.
    package let key: String?
    /// When it was asked for.
    package let createdAt: Timestamp
    /// Where it stands.
    package private(set) var state: State
    /// How often it was begun.
    package private(set) var attempts: Int
    /// Rows of the ledger read so far.
    package private(set) var rowsRead: Int
    /// The share of the work that is done, 0…1.
    package private(set) var fraction: Double
    /// When it was begun last.
    package private(set) var startedAt: Timestamp?
    /// When it ended.
    package private(set) var finishedAt: Timestamp?
    /// Why it failed or was stopped; empty otherwise.
    package private(set) var message: String
    /// What was found; nil until it succeeded.
    package private(set) var report: JSONObject?
    /// What it means; nil until it succeeded.
    package private(set) var verdict: ReplayVerdict.Outcome?

    /// A replay that waits for its turn.
    package init(
        id: String,
        request: ReplayRequest,
        requestedBy: String,
        key: String?,
        createdAt: Timestamp
    ) {
        self.id = id
        self.request = request
        self.requestedBy = requestedBy
        self.key = key
        self.createdAt = createdAt
        (state, attempts, rowsRead, fraction, message) = (.queued, 0, 0, 0, "")
    }

    /// What changes in the life of a replay, as it is stored.
    struct Stored {
        let state: State
        let attempts: Int
        let rowsRead: Int
        let fraction: Double
        let startedAt: Timestamp?
        let finishedAt: Timestamp?
        let message: String
        let report: JSONObject?
        let verdict: ReplayVerdict.Outcome?
    }

    /// A replay as it was stored.
    init(
        id: String,
        request: ReplayRequest,
        requestedBy: String,
        key: String?,
        createdAt: Timestamp,
        stored: Stored
    ) {
        self.init(id: id, request: request, requestedBy: requestedBy, key: key, createdAt: createdAt)
        (state, attempts, rowsRead) = (stored.state, stored.attempts, stored.rowsRead)
        (fraction, startedAt, finishedAt) = (stored.fraction, stored.startedAt, stored.finishedAt)
        (message, report, verdict) = (stored.message, stored.report, stored.verdict)
    }

    /// Takes one event.
    ///
    /// - Returns: whether it fits the state, and so whether anything changed.
    @discardableResult
    package mutating func handle(_ event: Event, now: Timestamp) -> Bool {
        switch (event, state) {
        case (.started, .queued):
            (state, attempts, rowsRead, fraction, startedAt) = (.running, attempts + 1, 0, 0, now)
        case (.progressed(let rows, let share), .running):
            rowsRead = max(rowsRead, rows)
            fraction = max(fraction, min(max(share, 0), 1))
        case (.finished(let found, let judged), .running):
            (state, report, verdict, fraction, finishedAt) = (.succeeded, found, judged.outcome, 1, now)
            rowsRead = found["rows_read"]?.integerValue.map { Int($0) } ?? rowsRead
        case (.failed(let why), .running), (.failed(let why), .queued):
            (state, message, finishedAt) = (.failed, why, now)
        case (.cancelled(let who), .running), (.cancelled(let who), .queued):
            (state, message, finishedAt) = (.cancelled, "stopped by \(who)", now)
        case (.serverEnded, .running):
            if attempts < ReplayLimits.attempts {
                (state, message) = (.queued, "the server ended under it; it is begun once more")
            } else {
                (state, finishedAt) = (.failed, now)
                message = "the server ended under it \(attempts) times; it is not begun again"
            }
        default: return false
        }
        return true
    }
}
