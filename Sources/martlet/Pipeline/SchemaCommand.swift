import ArgumentParser
import Core
import Pipelines

/// `martlet schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of martlet.yaml, or of a file of pipelines; no server is asked.",
        discussion:
            "For editors: write it to a file and name it in a first line `# yaml-language-server: $schema=FILE`."
    )

    /// What there is a schema of.
    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case martlet, pipelines
    }

    @Argument(help: "martlet or pipelines.")
    var subject = Subject.martlet

    func run() {
        let document = subject == .martlet ? PipelineSchema.manifest : PipelineSchema.document
        Terminal.standard.line(document.prettyPrinted())
    }
}
