package import Core
package import Egress
package import Rollouts

/// Asks a Prometheus outside, by its HTTP API.
package struct PrometheusProbe: Sendable {
    private let egress: EgressClient
    private let headers: ExternalHeaders

    /// A probe over the server's way out; `headers` finds the texts of secrets.
    package init(egress: EgressClient, headers: ExternalHeaders) {
        self.egress = egress
        self.headers = headers
    }

    /// Takes one measurement.
    ///
    /// - Throws: what the policy of the way out refuses, `deadlineExceeded`, `unavailable`, and `failedPrecondition` for an
    ///   answer that is none of Prometheus's.
    package func measure(_ check: PrometheusCheck, _ question: RolloutQuestion) async throws -> ExternalMeasurement {
        let request = try Self.request(check, question, try await headers.values(check.headers))
        let reply = try await egress.fetch(request)
        guard !reply.isCut else {
            throw MartletError(
                .payloadTooLarge,
                "The Prometheus server answered with more than \(AnalysisLimits.answerBytes) bytes; aggregate in the query."
            )
        }
        return try Self.read(status: reply.status, body: reply.body, condition: check.external.condition)
    }

    /// What is sent: a form with the query, limited in time and in what is read.
    ///
    /// - Throws: `invalidArgument` for an address or a query that cannot be used.
    package static func request(
        _ check: PrometheusCheck,
        _ question: RolloutQuestion,
        _ headers: [(name: String, value: String)]
    ) throws(MartletError) -> EgressRequest {
        let query = try query(check.query, question)
        let base = check.server.hasSuffix("/") ? String(check.server.dropLast()) : check.server
        var request = try EgressRequest("The Prometheus server", method: "POST", url: "\(base)/api/v1/query")
        request.headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        request.headers += headers
        request.body = Array("query=\(encoded(query))".utf8)
        request.timeLimit = min(check.external.timeout, .seconds(AnalysisLimits.timeoutSeconds))
        request.answerLimit = AnalysisLimits.answerBytes
        return request
    }

    /// The query with the names of the rollout filled in.
    ///
    /// - Throws: `invalidArgument` for a name in braces that is none.
    package static func query(_ text: String, _ question: RolloutQuestion) throws(MartletError) -> String {
        let names = [
            "deployment": question.deployment, "candidate": String(question.candidate),
            "stable": String(question.stable),
        ]
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            let name = rest[open.upperBound..<close.lowerBound].filter { $0 != " " }
            guard let value = names[name] else {
                throw MartletError(
                    .invalidArgument,
                    "The query names '{{\(name.prefix(40))}}'; there are {{deployment}}, {{candidate}} and {{stable}}."
                )
            }
            result += rest[..<open.lowerBound] + value
            rest = rest[close.upperBound...]
        }
        result += rest
        guard result.utf8.count <= AnalysisLimits.queryBytes else {
            throw MartletError(
                .invalidArgument,
                "The query has \(result.utf8.count) bytes; at most \(AnalysisLimits.queryBytes) are sent."
            )
        }
        return result
    }

    static func encoded(_ text: String) -> String {
        var result = ""
        let digits = Array("0123456789ABCDEF")
        for byte in text.utf8 {
            let isPlain =
                (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
                || "-._~".utf8.contains(byte)
            if isPlain {
                result.append(Character(UnicodeScalar(byte)))
            } else {
                result += ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    /// Reads an answer: every series must be good, the worst speaks; no series and no number are no data.
    ///
    /// - Throws: `failedPrecondition` for what is no answer to a query of one moment.
    package static func read(
        status: Int,
        body: [UInt8],
        condition: MeasurementCondition
    ) throws(MartletError) -> ExternalMeasurement {
        guard let answer = try? JSONValue.parse(body) else {
            throw MartletError(.failedPrecondition, "The Prometheus server answered \(status) without JSON.")
        }
        guard status == 200, answer["status"] == "success" else {
            let why = answer["error"]?.stringValue ?? "no reason given"
            throw MartletError(
                .failedPrecondition,
                "The Prometheus server answered \(status): \(why.prefix(300))"
            )
        }
        let values = try values(answer["data"])
        guard !values.isEmpty else { return noData("no series matches the query") }
        var worst: (rank: Int, value: Double)?
        for value in values {
            let outcome = value.isFinite ? condition.outcome(of: value) : infinite(value, condition)
            let rank = [CheckResult.Outcome.fail: 0, .undecided: 1, .pass: 2][outcome] ?? 1
            if worst.map({ rank < $0.rank }) ?? true { worst = (rank, value) }
        }
        guard let worst else { return noData("no series matches the query") }
        let words = values.count == 1 ? "" : " (the worst of \(values.count) series)"
        guard worst.value.isFinite || worst.rank == 0 else { return noData("the figure is no number\(words)") }
        return ExternalMeasurement(
            takenAt: Timestamp(milliseconds: 0),
            value: worst.value,
            outcome: [.fail, .undecided, .pass][worst.rank],
            samples: values.count,
            message: "\(worst.value)\(words)"
        )
    }

    /// What lies past every bound may be harm, and is never good.
    private static func infinite(_ value: Double, _ condition: MeasurementCondition) -> CheckResult.Outcome {
        condition.outcome(of: value) == .fail ? .fail : .undecided
    }

    private static func noData(_ why: String) -> ExternalMeasurement {
        ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), outcome: .undecided, message: "no data: \(why)")
    }

    private static func values(_ data: JSONValue?) throws(MartletError) -> [Double] {
        let pairs: [JSONValue]
        switch data?["resultType"]?.stringValue {
        case "scalar": pairs = [data?["result"] ?? .null]
        case "vector":
            let series = data?["result"]?.arrayValue ?? []
            guard series.count <= AnalysisLimits.series else {
                throw MartletError(
                    .payloadTooLarge,
                    "The query answers with \(series.count) series; at most \(AnalysisLimits.series) are judged."
                )
            }
            pairs = series.map { $0["value"] ?? .null }
        case let kind:
            throw MartletError(
                .failedPrecondition,
                "The query answers with a \(kind?.prefix(40) ?? "nothing"); a scalar or a vector of one moment is wanted."
            )
        }
        var values: [Double] = []
        for pair in pairs {
            guard let parts = pair.arrayValue, parts.count == 2, let text = parts[1].stringValue,
                let value = Double(text.hasPrefix("+") ? String(text.dropFirst()) : text)
            else { throw MartletError(.failedPrecondition, "The Prometheus server's answer holds no sample.") }
            values.append(value)
        }
        return values
    }
}
