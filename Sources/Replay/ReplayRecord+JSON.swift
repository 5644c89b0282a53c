package import Core

extension ReplayRecord {
    /// The replay as the API shows it; times are milliseconds since 1970.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "deployment": .string(request.deployment),
            "candidate": .string("models:/\(request.model)/\(request.version)"),
            "state": .string(state.rawValue), "verdict": .optional(verdict?.rawValue), "message": .string(message),
            "rows_read": .int(rowsRead), "progress": .number(fraction), "attempts": .int(attempts),
            "requested_by": .string(requestedBy), "request": request.json,
            "created_at": .integer(createdAt.milliseconds), "started_at": .optional(startedAt?.milliseconds),
            "finished_at": .optional(finishedAt?.milliseconds),
        ]
        if let report { object["report"] = .object(report) }
        return .object(object)
    }
}
