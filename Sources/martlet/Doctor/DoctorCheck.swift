package import Core

/// One thing that `martlet doctor` looked at.
package struct DoctorCheck: Sendable, Equatable {
    /// What was looked at.
    package let name: String
    /// How it stands.
    package let state: State
    /// What was found.
    package let detail: String
    /// What a person does about it; nil when nothing is to be done.
    package let remedy: String?

    /// How a thing stands.
    package enum State: String, Sendable {
        /// Nothing to do.
        case ok
        /// Something works less well, or only some features need it.
        case warning
        /// Martlet cannot do its work.
        case missing
    }

    /// Makes a check.
    package init(_ name: String, _ state: State, _ detail: String, remedy: String? = nil) {
        self.name = name
        self.state = state
        self.detail = detail
        self.remedy = remedy
    }

    /// The check for scripts.
    package var json: JSONValue {
        [
            "name": .string(name), "state": .string(state.rawValue), "detail": .string(detail),
            "remedy": .optional(remedy),
        ]
    }
}
