import Console

/// The form of a deployment with what is wrong in it, and what a change does.
enum SampleDeclarations {
    static let change = DeclarePage(
        deployment: "cancer",
        values: [
            "model": "cancer", "follows": "production", "monitors": "cancer-drift", "strategy": "canary",
            "steps": "10, 50, 40", "bake": "60s", "error_rate": "0.01",
        ],
        problems: ["steps": "must be rising whole percentages from 1 to 100"],
        entry: """
            model: cancer
            alias: production
            rollout:
              steps: [10, 50, 100]
              bake: 60s
              checks: {error_rate: {max: 0.01}}
            monitors: [cancer-drift]
            """,
        notices: [Notice(.bad, "The declaration is not complete.")],
        models: ["cancer", "churn"]
    )

    static let review = DeclareReviewPage(
        deployment: "cancer",
        lines: [
            .init(path: "rollout.steps", before: "[10, 50, 100]", after: "[5, 25, 100]"),
            .init(path: "replicas.max", before: nil, after: "4"),
            .init(path: "monitors[0]", before: "\"cancer-drift\"", after: nil),
        ],
        notes: ["moves cancer from version 2 to 3 by canary 5, 25, 100 %."],
        entry: "{\n  \"model\": \"cancer\"\n}",
        base: "a1b2"
    )

    static let full: [(name: String, page: any ConsolePage)] = [("declare", change), ("declare-review", review)]

    static let empty: [(name: String, page: any ConsolePage)] = [
        ("declare-review-empty", DeclareReviewPage(deployment: "d", lines: [], entry: "{}", base: ""))
    ]
}
