import Core

extension ExternalCheck {
    static let keys = [
        "name", "interval", "initial_delay", "timeout", "count", "failure_limit", "inconclusive_limit",
        "consecutive_error_limit", "min", "max", "fail_below", "fail_above",
    ]

    init(fields: JSONFields) throws(MartletError) {
        func limit(_ key: String, _ lowest: Int64, _ standard: Int) throws(MartletError) -> Int {
            try fields.optionalInt(key, in: lowest...Int64(RolloutsLimits.measurements)).map { Int($0) } ?? standard
        }
        let standard = ExternalCheck(name: try fields.string("name"))
        guard Self.isName(standard.name) else {
            throw fields.invalid("name", "must have 1 to 64 letters, digits, '-', '_' or '.'")
        }
        self.init(
            name: standard.name,
            interval: try fields.optionalDuration("interval") ?? standard.interval,
            initialDelay: try fields.optionalDuration("initial_delay") ?? standard.initialDelay,
            timeout: try fields.optionalDuration("timeout") ?? standard.timeout,
            count: try limit("count", 1, standard.count),
            failureLimit: try limit("failure_limit", 0, standard.failureLimit),
            inconclusiveLimit: try limit("inconclusive_limit", 0, standard.inconclusiveLimit),
            errorLimit: try limit("consecutive_error_limit", 0, standard.errorLimit),
            condition: MeasurementCondition(
                minimum: try fields.optionalDouble("min"),
                maximum: try fields.optionalDouble("max"),
                failBelow: try fields.optionalDouble("fail_below"),
                failAbove: try fields.optionalDouble("fail_above")
            )
        )
        guard interval >= .milliseconds(100) else { throw fields.invalid("interval", "must be at least 100ms") }
        guard timeout > .zero else { throw fields.invalid("timeout", "must be above 0") }
        try check(condition, fields)
    }

    private func check(_ condition: MeasurementCondition, _ fields: JSONFields) throws(MartletError) {
        if let low = condition.minimum, let high = condition.maximum, low > high {
            throw fields.invalid("min", "must not exceed 'max'")
        }
        if let fail = condition.failBelow, fail > condition.minimum ?? -.infinity {
            throw fields.invalid("fail_below", "needs a 'min' that is not below it")
        }
        if let fail = condition.failAbove, fail < condition.maximum ?? .infinity {
            throw fields.invalid("fail_above", "needs a 'max' that is not above it")
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
            }
    }

    /// The common keys of an external check.
    var members: JSONObject {
        var object: JSONObject = [
            "name": .string(name), "interval": interval.written, "initial_delay": initialDelay.written,
            "timeout": timeout.written, "count": .int(count), "failure_limit": .int(failureLimit),
            "inconclusive_limit": .int(inconclusiveLimit), "consecutive_error_limit": .int(errorLimit),
        ]
        if let value = condition.minimum { object["min"] = .number(value) }
        if let value = condition.maximum { object["max"] = .number(value) }
        if let value = condition.failBelow { object["fail_below"] = .number(value) }
        if let value = condition.failAbove { object["fail_above"] = .number(value) }
        return object
    }
}

extension ExternalHeader {
    /// Reads `headers: {Authorization: name-of-a-secret}`.
    fileprivate static func list(_ fields: JSONFields) throws(MartletError) -> [ExternalHeader] {
        guard let members = try fields.optionalFields("headers") else { return [] }
        guard members.object.count <= RolloutsLimits.externalHeaders else {
            throw MartletError(
                .invalidArgument,
                "'\(members.path)' must have at most \(RolloutsLimits.externalHeaders) entries."
            )
        }
        var headers: [ExternalHeader] = []
        for name in members.object.keys {
            guard TrafficRoute.isHeaderName(name) else {
                throw members.invalid(name, "must be the name of an HTTP header")
            }
            headers.append(ExternalHeader(name: name, secret: try members.string(name)))
        }
        return headers
    }

    fileprivate static func json(_ headers: [ExternalHeader]) -> JSONValue {
        .object(JSONObject(headers.map { ($0.name, .string($0.secret)) }))
    }
}

extension PrometheusCheck {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["server", "query", "headers"] + ExternalCheck.keys)
        self.init(
            server: try fields.address("server"),
            query: try fields.string("query"),
            headers: try ExternalHeader.list(fields),
            external: try ExternalCheck(fields: fields)
        )
        guard !query.isEmpty else { throw fields.invalid("query", "must not be empty") }
        guard !external.condition.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "max"))' is missing: say what figure is good, by 'min', 'max' or both."
            )
        }
    }

    var json: JSONValue {
        var object = external.members
        object["server"] = .string(server)
        object["query"] = .string(query)
        if !headers.isEmpty { object["headers"] = ExternalHeader.json(headers) }
        return .object(object)
    }
}

extension WebhookCheck {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["url", "secret", "headers"] + ExternalCheck.keys)
        self.init(
            url: try fields.address("url"),
            secret: try fields.optionalString("secret"),
            headers: try ExternalHeader.list(fields),
            external: try ExternalCheck(fields: fields)
        )
    }

    var json: JSONValue {
        var object = external.members
        object["url"] = .string(url)
        if let secret { object["secret"] = .string(secret) }
        if !headers.isEmpty { object["headers"] = ExternalHeader.json(headers) }
        return .object(object)
    }
}

extension JSONFields {
    fileprivate func address(_ key: String) throws(MartletError) -> String {
        let text = try string(key)
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), text.utf8.count <= 2048 else {
            throw invalid(key, "must be an http:// or https:// address")
        }
        return text
    }
}
