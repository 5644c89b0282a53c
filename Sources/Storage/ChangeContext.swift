package import Core
internal import Synchronization

/// Who changes something and why, for the record that is written in the same transaction.
///
/// It is set around the handler of a request, or around a control loop; every `Database.write` within hands it to the
/// database's recorder.
package struct ChangeContext: Sendable {
    /// The context of the running task; nil when nobody's change is to be recorded.
    @TaskLocal package static var current: ChangeContext?

    /// The name of who acts, such as `alice` or `system:loop`.
    package var actor: String
    /// The id of the token that was shown; nil without one.
    package var token: String?
    /// The workspace.
    package var workspace: String
    /// The request's id; empty for a control loop.
    package var requestID: String
    /// What is done: the route's method and pattern, or the loop's step.
    package var action: String
    /// What it is done to: the request's path, without its query.
    package var object: String
    /// The client's address; nil when it is not known.
    package var address: String?

    /// Makes a context.
    package init(
        actor: String,
        token: String? = nil,
        workspace: String,
        requestID: String = "",
        action: String,
        object: String = "",
        address: String? = nil
    ) {
        self.actor = actor
        self.token = token
        self.workspace = workspace
        self.requestID = requestID
        self.action = action
        self.object = object
        self.address = address
    }
}

/// What a write changed, in words of the feature that made it.
package struct Change: Sendable, Equatable {
    /// What was changed, such as `registered_model:cancer/alias:production`.
    package let object: String
    /// What it was; nil when there was nothing.
    package let before: JSONValue?
    /// What it is; nil when it is gone.
    package let after: JSONValue?

    /// Describes a change; no secret may be in it.
    package init(object: String, before: JSONValue?, after: JSONValue?) {
        self.object = object
        self.before = before
        self.after = after
    }
}

/// Writes what was changed by whom, inside the transaction of the change; when it throws, the change is undone.
package typealias ChangeRecorder = @Sendable (Connection, ChangeContext, [Change]) throws -> Void

/// What a write has changed so far; used by the writer's thread alone.
final class ChangeNotes {
    private(set) var changes: [Change] = []
    private(set) var rows = 0
    /// Whether the recorder itself writes now.
    var isClosed = false

    func add(_ change: Change) {
        guard !isClosed, changes.count < StorageLimits.notedChanges else { return }
        changes.append(change)
    }

    func add(rows count: Int) {
        if !isClosed { rows &+= count }
    }
}

extension Database {
    /// Has `recorder` called for every write that changes rows under a `ChangeContext`; for the start of a process.
    package func onChange(_ recorder: @escaping ChangeRecorder) {
        self.recorder.withLock { $0 = recorder }
    }

    /// Runs the body of a write and records what it changed, when that is asked for.
    static func recording<T>(
        _ context: ChangeContext?,
        _ recorder: ChangeRecorder?,
        _ connection: Connection,
        _ body: (Connection) throws -> T
    ) throws -> T {
        guard let context, let recorder else { return try body(connection) }
        let notes = ChangeNotes()
        let connection = connection.noting(notes)
        let value = try body(connection)
        guard notes.rows > 0 else { return value }
        notes.isClosed = true
        try recorder(connection, context, notes.changes)
        return value
    }
}
