package import Core

/// What a client asks for, before the candidate's reference is looked up.
package struct ReplayWish: Sendable, Equatable {
    /// The deployment.
    package let deployment: String
    /// The candidate as it was written, such as `models:/cancer/7`.
    package let candidate: String
    /// The window.
    package let window: Range<Timestamp>
    /// As in `ReplayRequest`.
    package let limit: Int
    /// As in `ReplayRequest`.
    package let segments: [String]
    /// As in `ReplayRequest`.
    package let tolerance: Double
    /// As in `ReplayRequest`.
    package let gate: ReplayBounds?
    /// Under which a second request finds the first.
    package let key: String?

    private static let keys = [
        "deployment", "candidate", "since", "until", "limit", "segments", "tolerance", "gate", "key",
    ]

    /// Reads the body of a request.
    ///
    /// `since` and `until` are milliseconds since 1970, or a duration before `now` such as `24h`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(body: JSONValue, now: Timestamp) throws(MartletError) {
        let fields = try JSONFields(body)
        try fields.rejectUnknown(Self.keys)
        deployment = try Self.name(fields, "deployment")
        candidate = try Self.name(fields, "candidate")
        let until = try Self.moment(fields, "until", now: now) ?? now + .milliseconds(1)
        let since = try Self.moment(fields, "since", now: now) ?? until - .seconds(24 * 3600)
        guard since < until else { throw fields.invalid("since", "must lie before 'until'") }
        guard until - since <= .seconds(ReplayLimits.windowDays * 86_400) else {
            throw fields.invalid("since", "must lie at most \(ReplayLimits.windowDays) days before 'until'")
        }
        window = since..<until
        limit = Int(
            try fields.optionalInt("limit", in: 1...Int64(ReplayLimits.rows)) ?? Int64(ReplayLimits.defaultRows)
        )
        tolerance = try fields.optionalDouble("tolerance", in: 0...10) ?? ReplayRequest.standardTolerance
        segments = try Self.segments(fields)
        gate = try fields.optionalFields("gate").map(ReplayBounds.init(fields:))
        key = try fields.value("key") == nil ? nil : Self.name(fields, "key")
    }

    private static func segments(_ fields: JSONFields) throws(MartletError) -> [String] {
        guard fields.value("segments") != nil else { return ReplayRequest.standardSegments }
        let names = try fields.strings("segments")
        guard names.count <= ReplayLimits.splits, Set(names).count == names.count,
            names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= ReplayLimits.nameBytes })
        else {
            throw fields.invalid(
                "segments",
                "must be at most \(ReplayLimits.splits) different names of 1 to \(ReplayLimits.nameBytes) bytes"
            )
        }
        return names
    }

    private static func name(_ fields: JSONFields, _ key: String) throws(MartletError) -> String {
        let text = try fields.string(key)
        guard !text.isEmpty, text.utf8.count <= ReplayLimits.nameBytes else {
            throw fields.invalid(key, "must be a text of 1 to \(ReplayLimits.nameBytes) bytes")
        }
        return text
    }

    private static func moment(_ fields: JSONFields, _ key: String, now: Timestamp) throws(MartletError) -> Timestamp? {
        if let milliseconds = fields.value(key)?.integerValue {
            guard milliseconds >= 0, milliseconds < 253_402_300_800_000 else {
                throw fields.invalid(key, "must be milliseconds since 1970, or a duration such as 24h")
            }
            return Timestamp(milliseconds: milliseconds)
        }
        return try fields.optionalDuration(key).map { now - $0 }
    }
}

extension ReplayRequest {
    /// The request with its candidate looked up.
    package init(_ wish: ReplayWish, model: String, version: Int) {
        self.init(
            deployment: wish.deployment,
            model: model,
            version: version,
            since: wish.window.lowerBound,
            until: wish.window.upperBound,
            limit: wish.limit,
            segments: wish.segments,
            tolerance: wish.tolerance,
            gate: wish.gate
        )
    }

    /// The request as it is stored and shown.
    package var json: JSONValue {
        [
            "deployment": .string(deployment), "model": .string(model), "version": .int(version),
            "candidate": .string("models:/\(model)/\(version)"), "since": .integer(since.milliseconds),
            "until": .integer(until.milliseconds), "limit": .int(limit),
            "segments": .array(segments.map(JSONValue.string)), "tolerance": .number(tolerance),
            "gate": gate?.json ?? .null,
        ]
    }

    /// Reads what `json` wrote.
    init(json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "request")
        self.init(
            deployment: try fields.string("deployment"),
            model: try fields.string("model"),
            version: Int(try fields.int("version")),
            since: Timestamp(milliseconds: try fields.int("since")),
            until: Timestamp(milliseconds: try fields.int("until")),
            limit: Int(try fields.int("limit", in: 1...Int64(ReplayLimits.rows))),
            segments: try fields.strings("segments"),
            tolerance: try fields.double("tolerance"),
            gate: try fields.optionalFields("gate").map(ReplayBounds.init(fields:))
        )
    }
}
