import HTTPSupport

/// One loop from its signal to its outcome.
package struct LoopPage: ConsolePage {
    package static let template = "loop"

    /// The loop.
    package var row: LoopRow
    /// The loop in one sentence: what opened it, or how it ended.
    package var sentence: String
    /// Facts below the heading.
    package var lede: [Markup]
    /// The stages, first to last, with what is still ahead.
    package var stages: [Timeline.Stage]
    /// How the time was spent.
    package var phases: [ShareBar.Part]
    /// What a person can do now.
    package var actions: [ActionButton]
    /// What the loop waits for a person to decide; nil when it does not.
    package var decision: Decision?
    /// What went wrong.
    package var notices: [Notice]

    /// A decision that is asked for.
    package struct Decision: Sendable {
        /// What is to be decided, with the figures.
        package var question: String
        /// Where approving posts; rejecting posts beside it.
        package var approve: String
        /// Where rejecting posts.
        package var reject: String

        /// Makes a decision.
        package init(question: String, approve: String, reject: String) {
            self.question = question
            self.approve = approve
            self.reject = reject
        }
    }

    /// Makes the page.
    package init(
        row: LoopRow,
        sentence: String,
        lede: [Markup] = [],
        stages: [Timeline.Stage],
        phases: [ShareBar.Part] = [],
        actions: [ActionButton] = [],
        decision: Decision? = nil,
        notices: [Notice] = []
    ) {
        self.row = row
        self.sentence = sentence
        self.lede = lede
        self.stages = stages
        self.phases = phases
        self.actions = actions
        self.decision = decision
        self.notices = notices
    }

    package var head: PageHead {
        PageHead(
            row.trigger,
            section: .loop,
            crumbs: [("Loop", "/loop")],
            badges: [.badge(row.tone, row.state)],
            lede: lede,
            actions: actions,
            refresh: row.tone == .live ? 1 : 5
        )
    }

    package var context: [String: Any] {
        var context: [String: Any] = [
            "notices": Notice.list(notices),
            "took": row.took,
            "sentence": sentence,
            "phases": ShareBar(phases, label: "How the time was spent").markup(),
            "timeline": Timeline(stages).markup(),
        ]
        if let decision {
            context["decision"] = decision.question
            context["decisionForms"] = Markup.joined([
                form(decision.approve, button: "Approve", style: .primary),
                form(decision.reject, button: "Reject", style: .danger),
            ])
        }
        return context
    }

    private func form(_ path: String, button: String, style: ActionButton.Style) -> Markup {
        let comment = FormView.Field("comment", "\(button) with a comment", isOptional: true)
        return FormView(path, fields: [comment], button: button, style: style, permission: .operate).markup()
    }
}
