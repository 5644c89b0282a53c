/// A rollout as a deployment's page shows it: the steps and the evidence at the present one.
package struct RolloutView: Sendable {
    /// One check of the judge.
    package struct Check: Sendable {
        /// What is checked.
        package var name: String
        /// The verdict's colour.
        package var tone: Tone
        /// The verdict in words.
        package var verdict: String
        /// The figures behind it.
        package var detail: String

        /// Makes a check.
        package init(name: String, tone: Tone, verdict: String, detail: String) {
            self.name = name
            self.tone = tone
            self.verdict = verdict
            self.detail = detail
        }
    }

    /// What one version showed since the rollout began.
    package struct Arm: Sendable {
        /// The version and its role, such as `version 3, candidate`.
        package var name: String
        /// Answered requests.
        package var requests: Int
        /// Of those, failures.
        package var errors: Int
        /// Labelled answers.
        package var labelled: Int
        /// Of those, the right ones.
        package var correct: Int

        /// Makes an arm.
        package init(name: String, requests: Int, errors: Int, labelled: Int, correct: Int) {
            self.name = name
            self.requests = requests
            self.errors = errors
            self.labelled = labelled
            self.correct = correct
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
    /// The evidence by check.
    package var checks: [Check]
    /// The evidence by version.
    package var arms: [Arm]

    /// Makes a view.
    package init(
        title: String,
        tone: Tone,
        state: String,
        began: TimeText? = nil,
        reason: String = "",
        steps: [RolloutSteps.Step],
        checks: [Check] = [],
        arms: [Arm] = []
    ) {
        self.title = title
        self.tone = tone
        self.state = state
        self.began = began
        self.reason = reason
        self.steps = steps
        self.checks = checks
        self.arms = arms
    }

    /// What the template reads.
    var context: [String: Any] {
        let table = TableView(
            columns: [.init("Check"), .init("Verdict"), .init("Evidence", wraps: true)],
            rows: checks.map { [.text($0.name), .badge($0.tone, $0.verdict), .quiet($0.detail)] }
        )
        let comparison = TableView(
            columns: [
                .init("Version"), .init("Requests", numeric: true), .init("Errors", numeric: true),
                .init("Labelled", numeric: true), .init("Right", numeric: true),
            ],
            rows: arms.map(cells)
        )
        return [
            "rolloutTitle": title,
            "rolloutState": Markup.badge(tone, state),
            "rolloutBegan": Markup.time(began),
            "rolloutReason": reason,
            "hasReason": !reason.isEmpty,
            "rolloutSteps": RolloutSteps(steps).markup(),
            "rolloutChecks": checks.isEmpty ? Markup() : table.markup(),
            "rolloutArms": arms.isEmpty ? Markup() : comparison.markup(),
            "hasEvidence": !checks.isEmpty || !arms.isEmpty,
        ]
    }

    private func cells(_ arm: Arm) -> [Markup] {
        [
            .text(arm.name), .text(NumberText.count(arm.requests)),
            .toned(NumberText.count(arm.errors), arm.errors > 0 ? .bad : .idle), .text(NumberText.count(arm.labelled)),
            arm.labelled > 0 ? .text(NumberText.percent(Double(arm.correct) / Double(arm.labelled))) : .missing,
        ]
    }
}
