import Core
import Foundation
import Subprocess
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Makes the virtual environment of a model's requirements with `venv` and `pip`.
package struct PythonEnvironmentBuilder: Sendable {
    private let environments: PythonEnvironments
    private let requirements: PythonRequirements
    private let interpreter: String
    private let variables: [String: String]

    /// - Parameters:
    ///   - environments: where environments lie.
    ///   - requirements: what is installed.
    ///   - interpreter: the absolute path of the Python that the environment is made with.
    ///   - variables: the environment of the person who asks for it; pip gets what concerns it.
    package init(
        environments: PythonEnvironments,
        requirements: PythonRequirements,
        interpreter: String,
        variables: [String: String]
    ) {
        self.environments = environments
        self.requirements = requirements
        self.interpreter = interpreter
        self.variables = variables
    }

    /// The commands that `build` runs, for a look before.
    package var commands: [[String]] {
        let directory = environments.path(of: requirements.identifier)
        let pip = [directory + "/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        var commands = [[interpreter, "-m", "venv", "--clear", directory]]
        if !requirements.build.isEmpty { commands.append(pip + requirements.build) }
        commands.append(pip + ["-r", directory + "/requirements.txt"])
        return commands
    }

    /// Makes the environment, unless it is there already; what an interrupted attempt left is cleared first.
    ///
    /// - Parameter progress: gets the lines that `venv` and `pip` write.
    /// - Returns: the environment.
    /// - Throws: `failedPrecondition` when a command fails or another process is making the same environment.
    package func build(_ progress: @escaping @Sendable (String) -> Void) async throws -> PythonEnvironments.Environment
    {
        let identifier = requirements.identifier
        if let ready = environments.environment(identifier) { return ready }
        let directory = environments.path(of: identifier)
        do {
            try FileManager.default.createDirectory(
                atPath: environments.directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(.failedPrecondition, "The directory of environments cannot be made.", cause: error)
        }
        let lock = try lock(environments.directory + "/." + identifier + ".lock")
        defer { close(lock) }
        if let ready = environments.environment(identifier) { return ready }
        for (position, command) in commands.enumerated() {
            if position == 1 {
                let text = requirements.lines.joined(separator: "\n") + "\n"
                try write(Array(text.utf8), to: directory + "/requirements.txt")
            }
            try await run(command, progress)
        }
        let marker: JSONValue = [
            "identifier": .string(identifier), "python": requirements.python.map(JSONValue.string) ?? .null,
            "interpreter": .string(interpreter), "requirements": .array(requirements.lines.map(JSONValue.string)),
            "created_at": .integer(Clock.system.now.milliseconds),
        ]
        let temporary = directory + "/." + PythonEnvironments.markerName
        try write(marker.serialized(), to: temporary)
        guard rename(temporary, directory + "/" + PythonEnvironments.markerName) == 0,
            let environment = environments.environment(identifier)
        else { throw MartletError(.failedPrecondition, "The environment cannot be marked as complete.") }
        return environment
    }

    /// An exclusive lock that ends with the descriptor, so that a killed attempt leaves none.
    private func lock(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw MartletError(.failedPrecondition, "Another process is preparing the same environment; wait for it.")
        }
        return descriptor
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw MartletError(.storageFull, "A file of the environment cannot be written.", cause: error)
        }
    }

    private func run(_ command: [String], _ progress: @escaping @Sendable (String) -> Void) async throws {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
        ]
        let last = LastLines()
        let result = try await Subprocess.run(
            .path(FilePath(command[0])),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .custom(pipVariables),
            platformOptions: options,
            input: .none,
            output: .sequence,
            error: .sequence
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.copy(execution.standardOutput, last, progress) }
                group.addTask { try await Self.copy(execution.standardError, last, progress) }
                try await group.waitForAll()
            }
        }
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            throw MartletError(
                .failedPrecondition,
                "'\(command.dropFirst().prefix(3).joined(separator: " "))' failed: \(last.text). Correct the model's"
                    + " requirements, or choose another interpreter with --python."
            )
        }
    }

    private static func copy(
        _ output: SubprocessOutputSequence,
        _ last: LastLines,
        _ progress: @Sendable (String) -> Void
    ) async throws {
        var log = WorkerLog()
        for try await buffer in output {
            for line in buffer.withUnsafeBytes({ log.take($0, now: Clock.monotonicNanoseconds) }) {
                last.note(line)
                progress(line)
            }
        }
        for line in log.rest(now: Clock.monotonicNanoseconds) {
            last.note(line)
            progress(line)
        }
    }

    /// What pip may know: how to reach packages, and nothing else of the person's environment.
    private var pipVariables: [Environment.Key: String] {
        var kept: [Environment.Key: String] = ["PYTHONUNBUFFERED": "1", "PIP_NO_COLOR": "1"]
        let names: Set = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "CC", "CXX"]
        for (name, value) in variables {
            let isProxy = ["http_proxy", "https_proxy", "no_proxy", "all_proxy"].contains(name.lowercased())
            guard names.contains(name) || isProxy || name.hasPrefix("PIP_") else { continue }
            kept[Environment.Key(stringLiteral: name)] = value
        }
        return kept
    }
}
