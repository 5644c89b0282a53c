/// What is going on, and what needs a person.
package struct OverviewPage: ConsolePage {
    package static let template = "overview"

    /// What needs a person now; empty when nothing does.
    package var notices: [Notice]
    /// The deployments.
    package var deployments: [DeploymentRow]
    /// Pipelines that run, then the most recent ones that ended.
    package var pipelineRuns: [PipelineRunRow]
    /// Loops in progress, then the most recent ones that ended.
    package var loops: [LoopRow]
    /// What happened, newest first.
    package var events: [Feed.Entry]

    /// Makes the page.
    package init(
        notices: [Notice] = [],
        deployments: [DeploymentRow] = [],
        pipelineRuns: [PipelineRunRow] = [],
        loops: [LoopRow] = [],
        events: [Feed.Entry] = []
    ) {
        self.notices = notices
        self.deployments = deployments
        self.pipelineRuns = pipelineRuns
        self.loops = loops
        self.events = events
    }

    package var head: PageHead {
        PageHead("Overview", section: .overview, refresh: 2)
    }

    package var context: [String: Any] {
        let calm = Notice(.good, "Nothing needs you.")
        return [
            "notices": Notice.list(notices.isEmpty && !deployments.isEmpty ? [calm] : notices),
            "deployments": DeploymentRow.table(deployments).markup(orEmpty: .deployments),
            "deploymentCount": NumberText.count(deployments.count),
            "pipelineRuns": PipelineRunRow.table(pipelineRuns, named: true).markup(orEmpty: .pipelineRuns),
            "loops": LoopRow.table(loops).markup(orEmpty: .loops),
            "events": Feed(events).markup(orEmpty: EmptyState("Nothing has happened yet.")),
        ]
    }
}
