/// A rollout as a deployment's page shows it: the steps and the evidence at the present one.
package struct RolloutView: Sendable {
    /// One check of the judge.
    package struct Check: Sendable {
        /// What is compared.
        package var name: String
        /// What the candidate shows.
        package var candidate: String
        /// What the champion shows; empty when the check has none.
        package var champion: String
        /// What is allowed.
        package var limit: String
        /// How many observations it rests on.
        package var samples: String
        /// The verdict's colour.
        package var tone: Tone
        /// The verdict in words.
        package var verdict: String

        /// Makes a check.
        package init(
            name: String,
            candidate: String,
            champion: String = "",
            limit: String,
            samples: String,
            tone: Tone,
            verdict: String
        ) {
            self.name = name
            self.candidate = candidate
            self.champion = champion
            self.limit = limit
            self.samples = samples
            self.tone = tone
            self.verdict = verdict
        }
    }

    /// The heading, such as `Version 3 replaces version 2`.
    package var title: String
    /// Its state's colour.
    package var tone: Tone
    /// Its state in words.
    package var state: String
    /// When it began.
    package var began: TimeText?
    /// The judge's last sentence.
    package var reason: String
    /// The steps.
    package var steps: [RolloutSteps.Step]
    /// The evidence.
    package var checks: [Check]

    /// Makes a view.
    package init(
        title: String,
        tone: Tone,
        state: String,
        began: TimeText? = nil,
        reason: String = "",
        steps: [RolloutSteps.Step],
        checks: [Check] = []
    ) {
        self.title = title
        self.tone = tone
        self.state = state
        self.began = began
        self.reason = reason
        self.steps = steps
        self.checks = checks
    }

    /// What the template reads.
    var context: [String: Any] {
        let table = TableView(
            columns: [
                .init("Check"), .init("Candidate", numeric: true), .init("Champion", numeric: true),
                .init("Allowed", numeric: true), .init("Samples", numeric: true), .init("Verdict"),
            ],
            rows: checks.map { check in
                [
                    .text(check.name), .text(check.candidate),
                    check.champion.isEmpty ? .missing : .text(check.champion),
                    check.limit.isEmpty ? .missing : .quiet(check.limit), .quiet(check.samples),
                    .badge(check.tone, check.verdict),
                ]
            }
        )
        return [
            "rolloutTitle": title,
            "rolloutState": Markup.badge(tone, state),
            "rolloutBegan": Markup.time(began),
            "rolloutReason": reason,
            "hasReason": !reason.isEmpty,
            "rolloutSteps": RolloutSteps(steps).markup(),
            "rolloutChecks": checks.isEmpty ? Markup() : table.markup(),
        ]
    }
}
