package import Core

/// What PostgreSQL or its library said; for logs.
package struct PostgresFailure: Error, CustomStringConvertible {
    /// The five characters of SQLSTATE; empty when the library itself failed.
    package let state: String
    /// The message, without passwords.
    package let message: String

    /// Makes a failure.
    package init(state: String, message: String) {
        self.state = state
        self.message = message
    }

    package var description: String {
        state.isEmpty ? message : "\(message) (SQLSTATE \(state))"
    }

    /// The failure as Martlet's error, by SQLSTATE (PostgreSQL's appendix A).
    package var error: MartletError {
        switch state {
        case "23505":
            MartletError(.alreadyExists, "A record with the same key exists already.", cause: self)
        case "23503", "23001":
            MartletError(.failedPrecondition, "The record is referred to by, or refers to, another.", cause: self)
        case "22021", "22P05":
            MartletError(.invalidArgument, "A text has a character that the database cannot store.", cause: self)
        case "22003":
            MartletError(.invalidArgument, "A number is too large for the database.", cause: self)
        case "54000":
            MartletError(.invalidArgument, "A value is too long for a key of the database.", cause: self)
        case "40001", "40P01", "55P03":
            MartletError(.unavailable, "The database is busy; try again.", cause: self)
        case "57014":
            MartletError(.deadlineExceeded, "The database took too long; ask for less.", cause: self)
        case "53100":
            MartletError(.storageFull, "The disk is full; free some space and try again.", cause: self)
        case "25006":
            MartletError(.unavailable, "The database accepts no writes at present; try again.", cause: self)
        case "42501":
            MartletError(
                .failedPrecondition,
                "The database user may not do this; grant it (GRANT CREATE, USAGE ON SCHEMA …) or make it the owner.",
                cause: self
            )
        case "XX001", "XX002":
            MartletError(.dataLoss, "The database is damaged; restore it from a backup.", cause: self)
        case let state where Self.isTransient(state):
            MartletError(.unavailable, "The database is not available at present; try again.", cause: self)
        default:
            MartletError(.internal, "The database refused a statement.", cause: self)
        }
    }

    /// Whether the session's prepared statements are not what they were; the session must be replaced.
    var spoilsSession: Bool {
        state == "26000" || (state == "0A000" && message.contains("cached plan"))
    }

    /// Connections (08), resources (53), the operator (57), the system around (58): gone when tried later.
    private static func isTransient(_ state: String) -> Bool {
        ["08", "53", "57", "58"].contains(String(state.prefix(2))) || state == "26000"
    }
}
