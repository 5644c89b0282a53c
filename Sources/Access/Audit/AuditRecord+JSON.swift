package import Core

/// How a record looks in the API and in exported lines: `before` and `after` are the texts that were hashed.
extension AuditRecord {
    /// The record as JSON.
    package var json: JSONValue {
        [
            "sequence": .integer(sequence), "time": .integer(entry.time.milliseconds), "actor": .string(entry.actor),
            "token": .optional(entry.token), "workspace": .string(entry.workspace), "action": .string(entry.action),
            "object": .string(entry.object), "before": .optional(entry.before), "after": .optional(entry.after),
            "request_id": .optional(entry.requestID), "address": .optional(entry.address),
            "outcome": .string(entry.outcome.rawValue), "reason": .optional(entry.reason),
            "previous_hash": .string(previousHash), "hash": .string(hash),
        ]
    }

    /// The record that JSON tells of, with every text as it stands there.
    ///
    /// - Throws: `invalidArgument` naming the field that is missing or wrong.
    package init(json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "record")
        let outcome = try fields.string("outcome")
        guard let known = AuditEntry.Outcome(rawValue: outcome) else {
            throw fields.invalid("outcome", "must be 'done' or 'denied'")
        }
        var entry = AuditEntry(
            time: Timestamp(milliseconds: try Self.whole(fields, json, "time")),
            actor: "",
            workspace: "",
            action: "",
            outcome: known
        )
        // Not through the initializer, which would cut and clean what must be judged as it is.
        entry.actor = try fields.string("actor")
        entry.token = try fields.optionalString("token")
        entry.workspace = try fields.string("workspace")
        entry.action = try fields.string("action")
        entry.object = try fields.string("object")
        entry.before = try fields.optionalString("before")
        entry.after = try fields.optionalString("after")
        entry.requestID = try fields.optionalString("request_id")
        entry.address = try fields.optionalString("address")
        entry.reason = try fields.optionalString("reason")
        self.init(
            sequence: try Self.whole(fields, json, "sequence"),
            entry: entry,
            previousHash: try fields.string("previous_hash"),
            hash: try fields.string("hash")
        )
    }

    private static func whole(_ fields: JSONFields, _ json: JSONValue, _ name: String) throws(MartletError) -> Int64 {
        guard let value = json[name]?.integerValue else { throw fields.invalid(name, "must be a whole number") }
        return value
    }
}

extension AuditHead {
    /// The head as JSON.
    package var json: JSONValue {
        ["sequence": .integer(sequence), "hash": .string(hash)]
    }

    /// The head that JSON tells of; nil if it tells of none.
    package init?(json: JSONValue) {
        guard let sequence = json["sequence"]?.integerValue, sequence >= 0, let hash = json["hash"]?.stringValue else {
            return nil
        }
        self.init(sequence: sequence, hash: hash)
    }
}
