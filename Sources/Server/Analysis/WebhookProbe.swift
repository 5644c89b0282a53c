package import Core
package import Egress
package import Rollouts
import Webhooks

/// Asks a webhook whether a rollout may go on.
package struct WebhookProbe: Sendable {
    private let egress: EgressClient
    private let headers: ExternalHeaders
    private let clock: Clock

    /// A probe over the server's way out; `headers` finds the texts of secrets.
    package init(egress: EgressClient, headers: ExternalHeaders, clock: Clock) {
        self.egress = egress
        self.headers = headers
        self.clock = clock
    }

    /// Takes one measurement.
    ///
    /// - Throws: what the policy of the way out refuses, `deadlineExceeded`, `unavailable`, and `failedPrecondition` for any
    ///   other answer than a verdict.
    package func measure(_ check: WebhookCheck, _ question: RolloutQuestion) async throws -> ExternalMeasurement {
        var request = try EgressRequest("The webhook '\(check.external.name)'", method: "POST", url: check.url)
        let now = clock.now
        let body = Self.body(check.external.name, question, now: now)
        let (delivery, time) = (Identifier.random(), String(now.milliseconds / 1000))
        request.headers = [
            ("Content-Type", "application/json"), ("Accept", "application/json"),
            ("X-Martlet-Delivery-Id", delivery), ("X-Martlet-Timestamp", time),
        ]
        if let name = check.secret {
            let signature = WebhookMessage.signature(
                secret: try await headers.text(name),
                delivery: delivery,
                timestamp: time,
                body: body
            )
            request.headers.append(("X-Martlet-Signature", signature))
        }
        request.headers += try await headers.values(check.headers)
        request.body = Array(body.utf8)
        request.timeLimit = min(check.external.timeout, .seconds(AnalysisLimits.timeoutSeconds))
        request.answerLimit = AnalysisLimits.answerBytes
        let reply = try await egress.fetch(request)
        guard !reply.isCut else {
            throw MartletError(
                .payloadTooLarge,
                "\(request.what) answered with more than \(AnalysisLimits.answerBytes) bytes."
            )
        }
        return try Self.read(status: reply.status, body: reply.body, what: request.what)
    }

    /// The question as it is sent.
    package static func body(_ name: String, _ question: RolloutQuestion, now: Timestamp) -> String {
        let object: JSONValue = [
            "check": .string(name), "deployment": .string(question.deployment), "rollout": .string(question.rollout),
            "candidate": .int(question.candidate), "stable": .int(question.stable), "step": .int(question.step),
            "is_watching": .bool(question.isWatching), "started_at": .integer(question.startedAt.milliseconds),
            "step_started_at": .integer(question.stepStartedAt.milliseconds), "asked_at": .integer(now.milliseconds),
        ]
        return object.description
    }

    /// Reads `{"verdict": "pass" | "fail" | "inconclusive", "value": …, "message": …}`.
    ///
    /// - Throws: `failedPrecondition` for anything else.
    package static func read(status: Int, body: [UInt8], what: String) throws(MartletError) -> ExternalMeasurement {
        guard status == 200 else {
            throw MartletError(.failedPrecondition, "\(what) answered with the status \(status); 200 is wanted.")
        }
        let outcomes: [String: CheckResult.Outcome] = ["pass": .pass, "fail": .fail, "inconclusive": .undecided]
        guard let answer = try? JSONValue.parse(body), let word = answer["verdict"]?.stringValue,
            let outcome = outcomes[word]
        else {
            throw MartletError(
                .failedPrecondition,
                "\(what) answered without a 'verdict' of pass, fail or inconclusive."
            )
        }
        let value = answer["value"]
        guard value == nil || value == .null || value?.doubleValue?.isFinite == true else {
            throw MartletError(.failedPrecondition, "\(what) answered with a 'value' that is no number.")
        }
        let message = answer["message"]
        guard message == nil || message == .null || message?.stringValue != nil else {
            throw MartletError(.failedPrecondition, "\(what) answered with a 'message' that is no text.")
        }
        return ExternalMeasurement(
            takenAt: Timestamp(milliseconds: 0),
            value: value?.doubleValue,
            outcome: outcome,
            message: message?.stringValue ?? word
        )
    }
}
