import Core
import TestSupport
import Testing
import Webhooks

/// What goes over the wire.
@Suite struct WebhookMessageTests {
    private let now = Timestamp(milliseconds: 1_767_225_600_000)

    private func body() throws -> String {
        let event = try #require(WebhookEvent(.registeredModel, .created))
        return WebhookMessage.body(event, data: ["name": "m", "tags": [:], "description": "é"], now: now)
    }

    @Test func bodyOfAnEvent() throws {
        let expected =
            #"{"entity":"registered_model","action":"created","timestamp":"2026-01-01T00:00:00.000+00:00","#
            + #""data":{"name":"m","tags":{},"description":"é"}}"#
        #expect(try body() == expected)
    }

    /// The value was computed with Python's hmac, hashlib and base64 over id, time and body joined by dots.
    @Test func signatureIsThatOfPython() throws {
        let signature = WebhookMessage.signature(
            secret: "s3cret-ü",
            delivery: "0b9e6a1e-1c1d-4a53-9d8c-0d6f3f3b8f10",
            timestamp: "1767225600",
            body: try body()
        )
        #expect(signature == "v1,Cji1ltmn7fYrmp7j71SRzj/tKCrDVJzQezKbCRRRgAA=")
    }

    @Test func headers() throws {
        let body = try body()
        let unsigned = WebhookMessage.headers(delivery: "id", now: now, body: body, secret: nil)
        #expect(unsigned.map(\.name) == ["Content-Type", "X-MLflow-Delivery-Id", "X-MLflow-Timestamp"])
        #expect(unsigned.map(\.value) == ["application/json", "id", "1767225600"])
        #expect(WebhookMessage.headers(delivery: "id", now: now, body: body, secret: "").count == 3)
        let signed = WebhookMessage.headers(delivery: "id", now: now, body: body, secret: "s")
        #expect(signed.last?.name == "X-MLflow-Signature")
        let expected = WebhookMessage.signature(secret: "s", delivery: "id", timestamp: "1767225600", body: body)
        #expect(signed.last?.value == expected)
    }

    @Test func eventsAreThoseOfMLflowAndMartletsOwn() {
        #expect(
            WebhookEvent.all.map(\.name) == [
                "registered_model.created", "model_version.created", "model_version_tag.deleted",
                "model_version_tag.set", "model_version_alias.created", "model_version_alias.deleted",
                "prompt.created", "prompt_version.created", "prompt_tag.deleted", "prompt_tag.set",
                "prompt_version_tag.deleted", "prompt_version_tag.set", "prompt_alias.created", "prompt_alias.deleted",
                "budget_policy.exceeded", "monitor.drift", "monitor.ok", "monitor.recovered", "monitor.warning",
                "deployment.aborted", "deployment.awaiting_confirmation", "deployment.confirmed",
                "deployment.inconclusive", "deployment.pardoned", "deployment.paused", "deployment.promoted",
                "deployment.resumed", "deployment.rolled_back", "deployment.rollout_started", "deployment.serving",
                "deployment.step", "deployment.watching", "loop.approval_wanted", "loop.approved", "loop.opened",
                "loop.outcome", "loop.step", "run.finished",
            ]
        )
        #expect(WebhookEvent(.registeredModel, .deleted) == nil)
    }
}
