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
        /// What was found, in a sentence.
        package var detail: String
        /// The figures behind it: estimate, tolerance, samples, how sure.
        package var figures: [(label: String, value: String)]
        /// How far the evidence of harm has come towards a verdict, 0 to 1; nil for checks that are no test.
        package var towards: Double?

        /// Makes a check.
        package init(
            name: String,
            tone: Tone,
            verdict: String,
            detail: String,
            figures: [(label: String, value: String)] = [],
            towards: Double? = nil
        ) {
            self.name = name
            self.tone = tone
            self.verdict = verdict
            self.detail = detail
            self.figures = figures
            self.towards = towards
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
    /// How it climbs, such as `canary`.
    package var strategy: String
    /// What it waits for now, in a sentence; empty when it is over.
    package var waits: String
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
        strategy: String = "",
        waits: String = "",
        reason: String = "",
        steps: [RolloutSteps.Step],
        checks: [Check] = [],
        arms: [Arm] = []
    ) {
        self.title = title
        self.tone = tone
        self.state = state
        self.began = began
        self.strategy = strategy
        self.waits = waits
        self.reason = reason
        self.steps = steps
        self.checks = checks
        self.arms = arms
    }

    /// What the template reads.
    var context: [String: Any] {
        let table = TableView(
            columns: [.init("Check"), .init("Verdict"), .init("Evidence", wraps: true)],
            rows: checks.map { [.text($0.name), .badge($0.tone, $0.verdict), evidence($0)] }
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
            "rolloutStrategy": strategy,
            "rolloutReason": reason,
            "hasReason": !reason.isEmpty,
            "rolloutWaits": waits,
            "hasWaits": !waits.isEmpty,
            "rolloutSteps": RolloutSteps(steps).markup(),
            "rolloutChecks": checks.isEmpty ? Markup() : table.markup(),
            "rolloutArms": arms.isEmpty ? Markup() : comparison.markup(),
            "hasEvidence": !checks.isEmpty || !arms.isEmpty,
        ]
    }

    private func evidence(_ check: Check) -> Markup {
        var html = Markup()
        html.append(.quiet(check.detail))
        guard !check.figures.isEmpty || check.towards != nil else { return html }
        html.raw("<dl class=\"figures\">")
        for figure in check.figures {
            html.raw("<div><dt>")
            html.text(figure.label)
            html.raw("</dt><dd>")
            html.text(figure.value)
            html.raw("</dd></div>")
        }
        if let towards = check.towards {
            html.raw("<div><dt>towards a roll back</dt><dd>")
            let tone: Tone = towards >= 1 ? .bad : (towards >= 0.5 ? .warn : .good)
            html.append(Meter(towards, tone: tone, label: "\(NumberText.percent(min(1, towards))) of the way").markup())
            html.raw("</dd></div>")
        }
        html.raw("</dl>")
        return html
    }

    private func cells(_ arm: Arm) -> [Markup] {
        [
            .text(arm.name), .text(NumberText.count(arm.requests)),
            .toned(NumberText.count(arm.errors), arm.errors > 0 ? .bad : .idle), .text(NumberText.count(arm.labelled)),
            arm.labelled > 0 ? .text(NumberText.percent(Double(arm.correct) / Double(arm.labelled))) : .missing,
        ]
    }
}
