package import Core
package import Schedules

/// What makes a trigger start its pipeline.
package enum TriggerKind: Sendable, Equatable {
    /// Times that come.
    case schedule(TriggerTimes)
    /// Something that is written to the stream of events.
    case event(EventCondition)
    /// Another system calls.
    case webhook(WebhookRule)
    /// Nobody but people.
    case manual
}

/// Times at which a trigger fires, and what becomes of those that were missed.
package struct TriggerTimes: Sendable, Equatable {
    /// The times.
    package let timetable: Timetable
    /// What becomes of times that came while no server looked.
    package let catchUp: CatchUp
    /// The first moment at which it may fire; nil for any.
    package let start: Timestamp?
    /// The last moment at which it may fire; nil for any.
    package let end: Timestamp?
}

/// Which events a trigger waits for.
package struct EventCondition: Sendable, Equatable {
    /// What the condition is called where it is declared.
    package enum Noun: String, Sendable, Equatable, CaseIterable {
        /// A dataset has another version.
        case dataset
        /// A version of a model, or an alias.
        case model
        /// A monitor's verdict.
        case drift
        /// Any event of the stream.
        case event
    }

    /// What the condition is called.
    package let noun: Noun
    /// Types, of which one must fit: whole, or with a star at the end for all that begin so.
    package let types: [String]
    /// The subject, whole or with a star at the end; nil for any.
    package let subject: String?
    /// Members of the event's data that must have these texts.
    package let data: [String: String]

    /// Whether an event is one of those.
    ///
    /// - Parameter event: The event.
    /// - Returns: True when type, subject and data fit.
    package func matches(_ event: TriggerEvent) -> Bool {
        func fits(_ pattern: String, _ text: String) -> Bool {
            pattern.hasSuffix("*") ? text.utf8.starts(with: pattern.utf8.dropLast()) : text == pattern
        }
        guard types.contains(where: { fits($0, event.type) }), subject.map({ fits($0, event.subject) }) ?? true else {
            return false
        }
        return data.allSatisfy { key, wanted in
            event.data[key].map { $0.stringValue ?? $0.description } == wanted
        }
    }
}

/// How a caller of a webhook shows that it may call.
package struct WebhookRule: Sendable, Equatable {
    /// What is compared with the secret.
    package enum Scheme: String, Sendable, Equatable, CaseIterable {
        /// HMAC-SHA256 over the delivery's id, time and body, as Standard Webhooks has it.
        case signature
        /// HMAC-SHA256 over the body alone, in `X-Hub-Signature-256`, as GitHub and Gitea send it.
        case github
        /// The secret itself, as `Authorization: Bearer` or `X-Martlet-Token` (GitLab: `X-Gitlab-Token`).
        case token
    }

    /// The name of the workspace's secret.
    package let secret: String
    /// What is compared.
    package let scheme: Scheme
    /// Calls that are taken in a minute.
    package let perMinute: Int
}

/// An event as triggers see it: of the stream, or the call of a webhook.
package struct TriggerEvent: Sendable, Equatable {
    /// Its id, unlike any other.
    package let id: String
    /// What happened, such as `martlet.alias.moved`.
    package let type: String
    /// What it happened to.
    package let subject: String
    /// The figures and names.
    package let data: JSONObject
    /// When it happened.
    package let at: Timestamp

    /// Describes an event.
    package init(id: String, type: String, subject: String, data: JSONObject, at: Timestamp) {
        self.id = id
        self.type = type
        self.subject = subject
        self.data = data
        self.at = at
    }

    /// The event as templates and firings show it.
    package var json: JSONObject {
        [
            "id": .string(id), "type": .string(type), "subject": .string(subject), "time": .string(at.iso8601),
            "data": .object(data),
        ]
    }
}
