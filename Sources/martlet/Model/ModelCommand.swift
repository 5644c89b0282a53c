import ArgumentParser

/// `martlet model …`.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Show, register and compare models, and move their aliases.",
        subcommands: [
            ModelList.self, ModelShow.self, ModelRegister.self, ModelPromote.self, ModelAlias.self, ModelDiff.self,
            ModelExplain.self, ModelCardCommand.self, ModelEnv.self, ModelKeygen.self, ModelTrust.self, ModelSign.self,
            ModelVerify.self, ModelPolicy.self,
        ]
    )
}
