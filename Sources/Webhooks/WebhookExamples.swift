import Core

/// The data that a test call sends: the fields of each event with the example values of MLflow's documentation.
enum WebhookExamples {
    static func data(_ event: WebhookEvent) -> JSONObject {
        switch (event.entity, event.action) {
        case (.registeredModel, _): named("model", "An example registered model")
        case (.modelVersion, _): modelVersion
        case (.modelVersionTag, .deleted): ["name": "example_model", "version": "1", "key": "example_key"]
        case (.modelVersionTag, _):
            ["name": "example_model", "version": "1", "key": "example_key", "value": "example_value"]
        case (.modelVersionAlias, .deleted): ["name": "example_model", "alias": "example_alias"]
        case (.modelVersionAlias, _): ["name": "example_model", "alias": "example_alias", "version": "1"]
        case (.prompt, _): named("prompt", "An example prompt")
        case (.promptVersion, _): promptVersion
        case (.promptTag, .deleted): ["name": "example_prompt", "key": "example_key"]
        case (.promptTag, _): ["name": "example_prompt", "key": "example_key", "value": "example_value"]
        case (.promptVersionTag, .deleted): ["name": "example_prompt", "version": "1", "key": "example_key"]
        case (.promptVersionTag, _):
            ["name": "example_prompt", "version": "1", "key": "example_key", "value": "example_value"]
        case (.promptAlias, .deleted): ["name": "example_prompt", "alias": "example_alias"]
        case (.promptAlias, _): ["name": "example_prompt", "alias": "example_alias", "version": "1"]
        case (.budgetPolicy, _): budget
        case (.monitor, let action): monitor(action)
        case (.deployment, _): deployment
        case (.loop, let action): loop(action)
        case (.run, _): run
        }
    }

    private static let tags: JSONValue = ["example_key": "example_value"]

    private static func named(_ noun: String, _ description: String) -> JSONObject {
        ["name": .string("example_\(noun)"), "tags": tags, "description": .string(description)]
    }

    private static var modelVersion: JSONObject {
        [
            "name": "example_model", "version": "1", "source": "models:/123", "run_id": "abcd1234abcd5678",
            "tags": tags, "description": "An example model version",
        ]
    }

    private static var promptVersion: JSONObject {
        [
            "name": "example_prompt", "version": "1", "template": "Hello {{name}}!", "tags": tags,
            "description": "An example prompt version",
        ]
    }

    private static func monitor(_ action: WebhookEvent.Action) -> JSONObject {
        [
            "id": "example_event", "monitor": "example_monitor", "deployment": "example_deployment",
            "event_at": 1_704_067_200_000, "from": "warning", "to": .string(action.rawValue), "severity": "warning",
            "reference_version": "1", "score": 0.31, "p_value": 0.002, "drifted_features": ["example_feature"],
        ]
    }

    private static var deployment: JSONObject {
        [
            "deployment": "example_deployment", "message": "Version 2 receives 10 % of the traffic.",
            "rollout": "example_rollout", "state": "baking", "step": 0, "stable_version": 1, "candidate_version": 2,
            "percent": 10,
        ]
    }

    private static func loop(_ action: WebhookEvent.Action) -> JSONObject {
        [
            "loop": "example_loop", "trigger": "example_trigger", "model": "example_model", "alias": "production",
            "state": action == .outcome ? "promoted" : "retraining", "message": "Retraining started.", "evidence": [:],
            "links": ["pipeline_run": "example_run"],
        ]
    }

    private static var run: JSONObject {
        ["kind": "pipeline", "run": "example_run", "pipeline": "example_pipeline", "status": "succeeded"]
    }

    private static var budget: JSONObject {
        [
            "budget_policy_id": "bp-abc123", "budget_unit": "USD", "budget_amount": 100.0, "current_spend": 105.5,
            "duration_unit": "MONTHS", "duration_value": 1, "target_scope": "ENDPOINT", "workspace": "default",
            "target_value": "ep-abc123", "window_start": 1_704_067_200_000,
        ]
    }
}
