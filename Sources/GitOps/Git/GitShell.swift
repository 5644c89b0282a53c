import Core
import Foundation
import Logging
import Subprocess
import SystemPackage

/// Calls git in one bare repository of Martlet's own, and nowhere else.
///
/// Nothing that a repository or its owner configured runs or counts: no hooks, no configuration of the machine or the
/// user, no helpers for credentials, no filters (files are never checked out), and only the protocols that an address may
/// have. Each call has a process group of its own, which is killed when its time is up.
struct GitShell: Sendable {
    /// What a call said.
    struct Answer: Sendable {
        let status: Int32
        let output: [UInt8]
        let said: String

        var text: String { String(decoding: output, as: UTF8.self).trimmed }
    }

    let program: String
    let directory: String
    let repository: String
    let variables: [String: String]
    let timeout: Duration
    let secrets: [String]
    let clock: Clock
    let logger: Logger

    /// The settings that every call has; they win over those of any file.
    static let settings = [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null", "core.askPass=",
        "core.pager=cat", "core.alternateRefsCommand=/bin/true", "credential.helper=", "http.followRedirects=false",
        "http.sslVerify=true", "protocol.version=2", "gc.auto=0", "maintenance.auto=false", "submodule.recurse=false",
        "fetch.recurseSubmodules=false", "push.recurseSubmodules=no", "push.gpgSign=false", "commit.gpgSign=false",
        "gpg.program=/bin/false", "transfer.bundleURI=false",
    ]

    /// What the other end of a local repository is told, because git clears these settings on the way there.
    static func remote(_ service: String) -> String {
        "git -c core.hooksPath=/dev/null -c core.alternateRefsCommand=/bin/true -c receive.denyCurrentBranch=refuse "
            + "-c gc.auto=0 -c receive.autogc=false -c core.fsmonitor=false \(service)"
    }

    /// Where git is; nil when it is not installed.
    static func find(path: String?) -> String? {
        for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") where folder.hasPrefix("/") {
            let candidate = "\(folder)/git"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        return nil
    }

    /// Calls git and waits for its end.
    ///
    /// - Throws: `deadlineExceeded` when its time is up, `unavailable` when it cannot be started.
    func run(
        _ words: [String],
        input: [UInt8] = [],
        extra: [String: String] = [:],
        limit: Int = GitOpsLimits.outputBytes
    ) async throws -> Answer {
        let arguments = ["--git-dir=\(repository)"] + Self.settings.flatMap { ["-c", $0] } + words
        var environment: [Environment.Key: String] = [:]
        for (name, value) in variables.merging(extra, uniquingKeysWith: { $1 }) {
            environment[Environment.Key(stringLiteral: name)] = value
        }
        let finished = try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { [environment] in try await call(arguments, environment, input, limit) }
            group.addTask {
                try await clock.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        try Task.checkCancellation()
        guard let answer = finished else {
            throw MartletError(
                .deadlineExceeded,
                "Git did not finish '\(words.first ?? "")' within \(timeout.wholeMilliseconds / 1000) s and was ended."
            )
        }
        if answer.status != 0 {
            logger.debug("Git failed.", metadata: ["call": "\(words.first ?? "")", "said": "\(answer.said)"])
        }
        return answer
    }

    private func call(
        _ arguments: [String],
        _ environment: [Environment.Key: String],
        _ input: [UInt8],
        _ limit: Int
    ) async throws -> Answer {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(1)),
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(200)),
        ]
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)),
                arguments: Arguments(arguments),
                environment: .custom(environment),
                workingDirectory: FilePath(directory),
                platformOptions: options,
                input: .array(input),
                output: .bytes(limit: limit),
                error: .bytes(limit: GitOpsLimits.outputBytes)
            )
            let status: Int32 = if case .exited(let code) = result.terminationStatus { Int32(code) } else { -1 }
            return Answer(status: status, output: result.standardOutput, said: masked(result.standardError))
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw MartletError(.unavailable, "Git could not be run.", cause: error)
        }
    }

    /// What was said without any secret in it.
    private func masked(_ bytes: [UInt8]) -> String {
        secrets.reduce(String(decoding: bytes, as: UTF8.self)) { text, secret in
            secret.isEmpty ? text : text.replacing(secret, with: "***")
        }
    }
}
