import ArgumentParser
import Core
import Foundation
import Runtimes
import Server

/// `martlet model env SOURCE`.
struct ModelEnv: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Prepare the Python environment of a model, in which its workers run.",
        discussion: """
            Makes a virtual environment from the model's requirements (python_env.yaml, requirements.txt or conda.yaml) \
            with venv and pip. Models with the same requirements share one. A server with the same data directory uses \
            it for models that name no interpreter.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "A directory with an MLmodel, models:/NAME/VERSION, models:/NAME@ALIAS or runs:/RUN/PATH.")
    var source: String?
    @Option(name: .long, help: "The interpreter to make it with. (default: the model's version of Python)")
    var python: String?
    @Option(name: .long, help: "Where environments lie. (default: environments in the data directory)")
    var directory: String?
    @Option(name: .long, help: "Directory of everything the server keeps. (default: .martlet)")
    var data: String?
    @Flag(name: .long, help: "List the environments that are there.")
    var list = false
    @Flag(name: .long, help: "Remove the environment of the model, or the one with this identifier.")
    var remove = false
    @Flag(name: .customLong("dry-run"), help: "Only say what would be done.")
    var dryRun = false

    func validate() throws {
        guard source != nil || list else { throw ValidationError("Name a model, or use --list.") }
        guard [list, remove, dryRun].count(where: { $0 }) <= 1 else {
            throw ValidationError("'--list', '--remove' and '--dry-run' exclude one another.")
        }
    }

    func run(_ session: Session) async throws {
        let environments = PythonEnvironments(directory: try place())
        guard !list, let source else { return Self.list(environments, session) }
        if remove {
            let identifier = try await Self.requirements(source, session)?.identifier ?? source
            return try Self.remove(identifier, environments, session)
        }
        guard let requirements = try await Self.requirements(source, session) else {
            throw MartletError(
                .failedPrecondition,
                "The model names no requirements: it has no python_env.yaml, requirements.txt or conda.yaml."
            )
        }
        if let ready = environments.environment(requirements.identifier) {
            return Self.tell(ready, isNew: false, session)
        }
        let builder = PythonEnvironmentBuilder(
            environments: environments,
            requirements: requirements,
            interpreter: try interpreter(requirements, session),
            variables: ProcessInfo.processInfo.environment
        )
        if dryRun { return Self.plan(builder, requirements, session) }
        let terminal = session.terminal
        let made = try await builder.build { terminal.note(DisplayText.safe($0)) }
        Self.tell(made, isNew: true, session)
    }

    private func place() throws -> String {
        if let directory { return directory }
        var flags = ServerSettings.Flags()
        flags.data = data
        let settings = try ServerSettings.resolve(
            flags: flags,
            environment: ProcessInfo.processInfo.environment,
            file: try ServerOptions.section()
        )
        return settings.data + "/environments"
    }

    private static func requirements(_ source: String, _ session: Session) async throws -> PythonRequirements? {
        if FileManager.default.fileExists(atPath: source + "/MLmodel") {
            return try PythonRequirements(directory: source)
        }
        if source.utf8.count == 32, !source.contains("/") { return nil }
        let remote = try await RemoteModelFiles(source, session.server)
        var files: [String: [UInt8]] = [:]
        for name in PythonRequirements.files { files[name] = try await remote.read(name) }
        guard files["MLmodel"] != nil else {
            throw MartletError(.notFound, "There is no 'MLmodel' at '\(source)'; is it an MLflow model?")
        }
        return try PythonRequirements { files[$0] }
    }

    private func interpreter(_ requirements: PythonRequirements, _ session: Session) throws -> String {
        if let python { return try PythonInterpreter.path(of: python) }
        guard let version = requirements.majorMinor else { return try PythonInterpreter.path(of: "python3") }
        do {
            return try PythonInterpreter.path(of: "python\(version)")
        } catch {
            let other = try PythonInterpreter.path(of: "python3")
            session.terminal.note("The model was made with Python \(version), which is not here; python3 is taken.")
            return other
        }
    }

    private static func list(_ environments: PythonEnvironments, _ session: Session) {
        let all = environments.all()
        guard !session.wroteJSON(["environments": .array(all.map(\.marker))]) else { return }
        var table = TextTable([
            .init(title: "IDENTIFIER", isFixed: true), .init(title: "PYTHON"), .init(title: "CREATED"),
            .init(title: "REQUIREMENTS"),
        ])
        for environment in all {
            table.add([
                environment.identifier, Words.text(environment.marker["python"]),
                Words.time(environment.marker["created_at"]),
                (environment.marker["requirements"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " "),
            ])
        }
        table.write(to: session.terminal, empty: "There are no environments.")
    }

    private static func remove(_ identifier: String, _ environments: PythonEnvironments, _ session: Session) throws {
        guard try environments.remove(identifier) else {
            throw MartletError(.notFound, "There is no environment \(identifier).")
        }
        guard !session.wroteJSON(["removed": .string(identifier)]) else { return }
        session.terminal.line("Removed \(identifier).")
    }

    private static func plan(
        _ builder: PythonEnvironmentBuilder,
        _ requirements: PythonRequirements,
        _ session: Session
    ) {
        let commands = builder.commands
        let answer: JSONValue = [
            "identifier": .string(requirements.identifier),
            "commands": .array(commands.map { .array($0.map(JSONValue.string)) }),
            "requirements": .array(requirements.lines.map(JSONValue.string)),
        ]
        guard !session.wroteJSON(answer) else { return }
        for command in commands { session.terminal.line(DisplayText.safe(command.joined(separator: " "))) }
        session.terminal.line("with these requirements:")
        for line in requirements.lines { session.terminal.line(DisplayText.safe("  " + line)) }
    }

    private static func tell(_ environment: PythonEnvironments.Environment, isNew: Bool, _ session: Session) {
        guard !session.wroteJSON(environment.marker) else { return }
        session.terminal.line("\(isNew ? "Prepared" : "Already there:") \(environment.identifier)")
        session.terminal.line("interpreter: \(environment.interpreter)")
    }
}
