package import Core
import Storage

/// Which loops are meant; every part that is given must fit.
package struct LoopFilter: Sendable, Equatable {
    /// The trigger's name.
    package var trigger: String?
    /// The registered model.
    package var model: String?
    /// The alias.
    package var alias: String?
    /// The states; empty for every state.
    package var states: [LoopState]
    /// The kind of signal.
    package var signal: LoopSignal.Kind?
    /// Opened then or later.
    package var since: Timestamp?
    /// Opened before.
    package var until: Timestamp?

    /// Makes a filter.
    package init(
        trigger: String? = nil,
        model: String? = nil,
        alias: String? = nil,
        states: [LoopState] = [],
        signal: LoopSignal.Kind? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.trigger = trigger
        self.model = model
        self.alias = alias
        self.states = states
        self.signal = signal
        self.since = since
        self.until = until
    }

    /// The conditions and their arguments.
    var sql: (conditions: [String], arguments: [SQLValue]) {
        var conditions: [String] = []
        var arguments: [SQLValue] = []
        func add(_ condition: String, _ argument: SQLValue?) {
            guard let argument else { return }
            conditions.append(condition)
            arguments.append(argument)
        }
        add("trigger_name = ?", trigger.map(SQLValue.text))
        add("model = ?", model.map(SQLValue.text))
        add("model_alias = ?", alias.map(SQLValue.text))
        add("signal_kind = ?", (signal?.rawValue).map(SQLValue.text))
        add("opened_at >= ?", (since?.milliseconds).map(SQLValue.integer))
        add("opened_at < ?", (until?.milliseconds).map(SQLValue.integer))
        if !states.isEmpty {
            let places = Array(repeating: "?", count: states.count).joined(separator: ", ")
            conditions.append("state IN (\(places))")
            arguments += states.map { .text($0.rawValue) }
        }
        return (conditions, arguments)
    }
}
