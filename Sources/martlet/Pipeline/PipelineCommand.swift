import ArgumentParser

/// `martlet pipeline …`.
struct PipelineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline",
        abstract: "Run pipelines and follow them.",
        subcommands: [
            PipelineList.self, PipelineShow.self, PipelineRun.self, PipelineRuns.self, PipelineLogs.self,
            PipelineCancel.self, PipelineResume.self, PipelineRerun.self, PipelineValidate.self, PipelineCompile.self,
        ]
    )
}
