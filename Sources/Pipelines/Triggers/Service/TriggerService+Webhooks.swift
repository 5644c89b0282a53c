import Core
import Logging

extension TriggerService {
    /// What a call of a webhook came to.
    package struct Receipt: Sendable {
        /// The firing.
        package let firing: TriggerFiring
        /// Whether the delivery had come before.
        package let isDuplicate: Bool
    }

    /// Takes the call of a webhook, once for each delivery.
    ///
    /// - Parameters:
    ///   - delivery: The call.
    ///   - pipeline: Its pipeline.
    ///   - name: The trigger's name.
    /// - Returns: The firing.
    /// - Throws: `notFound` for no webhook of that name, `unauthenticated`, `resourceExhausted` for too many calls,
    ///   `failedPrecondition` while it is paused, and what the pipeline throws.
    package func receive(
        _ delivery: WebhookDelivery,
        pipeline: String,
        trigger name: String
    ) async throws -> Receipt {
        guard let record = try await store.records(of: pipeline).first(where: { $0.trigger.name == name }),
            case .webhook(let rule) = record.trigger.kind
        else { throw MartletError(.notFound, "There is no such webhook.") }
        let place = "\(pipeline)/\(name)"
        try await admit(delivery, rule, place)
        guard (delivery.id ?? "x").utf8.count <= TriggerLimits.deliveryBytes else {
            throw MartletError(
                .invalidArgument,
                "The delivery's id may have at most \(TriggerLimits.deliveryBytes) bytes."
            )
        }
        guard record.pausedAt == nil else {
            throw MartletError(.failedPrecondition, "The webhook is paused.")
        }
        let id = delivery.id ?? Identifier.random()
        let key = "w:\(id)"
        if let earlier = try await store.firing(pipeline, name, key: key) {
            return Receipt(firing: earlier, isDuplicate: true)
        }
        try callers.take("calls:\(place)", perMinute: rule.perMinute, now: clock.now)
        var occasion = TriggerOccasion(
            pipeline: pipeline,
            trigger: record.trigger,
            key: key,
            logicalAt: clock.now,
            kind: .webhook
        )
        occasion.event = TriggerEvent(
            id: id,
            type: "webhook",
            subject: "pipelines/\(pipeline)/triggers/\(name)",
            data: delivery.data,
            at: clock.now
        )
        let fired = try await fire(occasion)
        if case .refused(let error) = fired { throw error }
        guard let firing = try await store.firing(pipeline, name, key: key) else {
            throw MartletError(.failedPrecondition, "The webhook was paused, or is declared no more.")
        }
        if case .answered = fired { return Receipt(firing: firing, isDuplicate: true) }
        return Receipt(firing: firing, isDuplicate: false)
    }

    /// Lets a caller in who shows the secret; those who do not are answered only so many times in a minute.
    private func admit(_ delivery: WebhookDelivery, _ rule: WebhookRule, _ place: String) async throws {
        let secret: String
        do {
            guard let value = try await actions.secrets([rule.secret])[rule.secret] else {
                throw MartletError(.notFound, "There is no secret '\(rule.secret)'.")
            }
            secret = value
        } catch {
            logger.warning("The webhook \(place) cannot be called: \(error)")
            throw MartletError(.unavailable, "The webhook has no secret to compare with yet; its owner must set one.")
        }
        do { try delivery.verify(rule.scheme, secret: secret, now: clock.now) } catch {
            try callers.take("refused:\(place)", perMinute: TriggerLimits.refusedPerMinute, now: clock.now)
            throw error
        }
    }
}
