import ArgumentParser

/// The commands that ask a server, in the order in which help lists them.
enum AskingCommands {
    /// The commands.
    static let all: [any ParsableCommand.Type] = [
        ApplyCommand.self, DiffCommand.self, ExperimentCommand.self, RunCommand.self, ModelCommand.self,
        TraceCommand.self,
        DeploymentCommand.self, PipelineCommand.self, ScheduleCommand.self, DataCommand.self,
        StudyCommand.self, MonitorCommand.self, LoopCommand.self,
        EventCommand.self,
        ReplayCommand.self, LedgerCommand.self, LineageCommand.self,
        WebhookCommand.self, SecretCommand.self,
        WhoamiCommand.self, UserCommand.self, ServiceAccountCommand.self, TokenCommand.self, WorkspaceCommand.self,
        GrantCommand.self, AuditCommand.self,
        GcCommand.self,
    ]
}
