import ArgumentParser
import Argo
import Core
import Foundation
import Pipelines
import Server

extension ArgoOptions.Kind: ExpressibleByArgument {}

/// `martlet render argo`.
struct RenderArgo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "argo",
        abstract: "Write pipelines as objects of Argo Workflows.",
        discussion:
            "The objects go to standard output, what means something else there to standard error. No server is asked: "
            + "steps are checked by the server that the workflow calls. What Argo cannot do is refused by name."
    )

    @Option(name: [.customShort("f"), .long], help: "The manifest.")
    var file = "martlet.yaml"
    @Option(name: .long, help: "Only this pipeline; may be repeated.")
    var pipeline: [String] = []
    @Option(name: .long, help: "workflow (one run), template (by name) or cron (at its times).")
    var kind = ArgoOptions.Kind.workflow
    @Option(name: .long, help: "The namespace.")
    var namespace: String?
    @Option(name: .long, help: "The image for commands, scripts and steps; steps need martlet in it.")
    var image: String?
    @Option(name: .long, help: "Where steps find the server.")
    var server: String?
    @Option(name: .customLong("token-secret"), help: "The Secret whose key 'token' lets steps in.")
    var tokenSecret: String?
    @Option(name: .long, help: "The Secret with the secrets that tasks name.")
    var secrets: String?
    @Option(name: .long, help: "The folder of the pipeline's files in the image.")
    var directory: String?
    @Option(name: .customLong("service-account"), help: "Whom pods run as.")
    var serviceAccount: String?
    @Option(name: .long, help: "The S3 bucket for artifacts; by default the cluster's artifact repository.")
    var bucket: String?
    @Option(name: .long, help: "The S3 endpoint, host:port; by default AWS.")
    var endpoint: String?
    @Option(name: .long, help: "The S3 region.")
    var region: String?
    @Option(name: .customLong("s3-secret"), help: "The Secret with the keys accesskey and secretkey for it.")
    var storageSecret: String?
    @Flag(name: .long, help: "The S3 endpoint speaks plain HTTP.")
    var insecure = false
    @Flag(name: .long, help: "Fail when anything means something else there.")
    var strict = false

    func validate() throws {
        guard bucket != nil || (endpoint == nil && region == nil && storageSecret == nil && !insecure) else {
            throw ValidationError("'--endpoint', '--region', '--s3-secret' and '--insecure' need '--bucket'.")
        }
    }

    func run() async throws {
        try await CommandFailure.explaining {
            let terminal = Terminal.standard
            var text = ""
            var warnings: [String] = []
            for spec in try specs() {
                let rendering = try ArgoRenderer.render(spec, options)
                text += rendering.yaml
                warnings += rendering.warnings
            }
            for warning in warnings { terminal.note("warning: \(DisplayText.safe(warning))") }
            guard !strict || warnings.isEmpty else {
                throw MartletError(.failedPrecondition, "Nothing is written: --strict takes no warnings.")
            }
            terminal.line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }

    private var options: ArgoOptions {
        var options = ArgoOptions()
        options.kind = kind
        options.namespace = namespace
        if let image { options.image = image }
        if let server { options.server = server }
        options.tokenSecret = tokenSecret
        if let secrets { options.secrets = secrets }
        options.directory = directory
        options.serviceAccount = serviceAccount
        if let bucket {
            var storage = ArgoOptions.Storage(bucket: bucket)
            storage.endpoint = endpoint
            storage.region = region
            storage.secret = storageSecret
            storage.isInsecure = insecure
            options.storage = storage
        }
        return options
    }

    private func specs() throws -> [PipelineSpec] {
        let all = try ArgoSource.pipelines(file)
        guard !pipeline.isEmpty else { return all }
        return try pipeline.map { name in
            if let spec = all.first(where: { $0.name == name }) { return spec }
            let known = all.map(\.name).joined(separator: ", ")
            throw MartletError(.notFound, "'\(file)' declares no pipeline '\(name)'; it has \(known).")
        }
    }
}

/// The pipelines of a manifest, read without a server.
enum ArgoSource {
    /// Reads them.
    ///
    /// - Throws: `notFound` for the file, `invalidArgument` naming what is wrong in it.
    static func pipelines(_ path: String) throws -> [PipelineSpec] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MartletError(.notFound, "The manifest '\(path)' cannot be read; name another with -f.")
        }
        guard data.count <= YAMLDocument.maximumBytes, let text = String(validating: data, as: UTF8.self) else {
            throw MartletError(
                .invalidArgument,
                "The manifest '\(path)' must be UTF-8 text of at most \(YAMLDocument.maximumBytes) bytes."
            )
        }
        guard let section = try YAMLDocument.parse(text)["pipelines"], section != .null else {
            throw MartletError(.invalidArgument, "The manifest '\(path)' has no section 'pipelines'.")
        }
        return try PipelineSpec.parseSection(section, steps: steps(in: section))
    }

    /// The steps that tasks name, with the parameters that they give: which of them there are is for the server to say.
    private static func steps(in section: JSONValue) -> [BuiltinStep] {
        var parameters: [String: Set<String>] = [:]
        func look(_ task: JSONValue) {
            if let step = task["step"]?.stringValue {
                parameters[step, default: []].formUnion(task["with"]?.objectValue?.keys ?? [])
            }
            if let handler = task["on_failure"] { look(handler) }
        }
        for (_, pipeline) in section.objectValue?.pairs ?? [] {
            for (_, task) in pipeline["tasks"]?.objectValue?.pairs ?? [] { look(task) }
            if let handler = pipeline["on_failure"] { look(handler) }
        }
        return parameters.map { name, keys in
            BuiltinStep(
                name: name,
                summary: "",
                parameters: keys.sorted().map { StepParameter($0, "") }
            ) { _ in throw MartletError(.unimplemented, "A step is not run while it is rendered.") }
        }
    }
}
