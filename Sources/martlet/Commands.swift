import ArgumentParser

/// Every command except those that run a server, in the order in which help lists them.
enum Commands {
    /// The commands, for the root command's list.
    static let nouns: [any ParsableCommand.Type] =
        AskingCommands.all + [
            PredictCommand.self, BenchCommand.self, ImportCommand.self,
            BackupCommand.self, RestoreCommand.self, UpgradeCommand.self, DoctorCommand.self, RenderCommand.self,
            StepCommand.self, SchemaCommand.self,
            WorkerCommand.self, VersionCommand.self,
        ]
}
