package import Core
import Foundation
package import Logging

/// Writes an outcome into a Git repository: one value of one file, one commit, once per key.
///
/// Martlet works in a bare copy of its own and never in anybody's checkout. It reads the branch, looks for a commit with
/// the order's key, changes the value in the file's bytes, makes the commit from objects and gives it to the branch, which
/// takes it only if it has not moved since. When it has, all of this is done anew on what is there now. A call that is
/// killed has either moved the branch or not, and the next call finds out which.
package actor GitWriteBack {
    /// Asked before a host is called; throws when it must not be.
    package typealias HostCheck = @Sendable (GitAddress) async throws -> Void

    private let place: GitPlace
    private let searchPath: String?
    private let checkHost: HostCheck
    private let clock: Clock
    private let logger: Logger
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A place to work.
    ///
    /// - Parameters:
    ///   - directory: where Martlet's own copies lie; made when needed.
    ///   - searchPath: folders with programs, joined by colons; nil for the usual ones.
    ///   - checkHost: asked before a host is called.
    ///   - clock: the time.
    ///   - logger: where git's own words go.
    package init(
        directory: String,
        searchPath: String? = nil,
        checkHost: @escaping HostCheck = { _ in },
        clock: Clock = .system,
        logger: Logger
    ) {
        place = GitPlace(directory: directory)
        self.searchPath = searchPath
        self.checkHost = checkHost
        self.clock = clock
        self.logger = logger
    }

    /// Carries out an order, or finds that it was.
    ///
    /// - Parameters:
    ///   - order: what is to be written back.
    ///   - spec: where.
    ///   - credentials: what opens the repository.
    /// - Returns: the commit.
    /// - Throws: `unavailable` and `deadlineExceeded` when trying again may help; `notFound`, `permissionDenied`,
    ///   `invalidArgument` and `failedPrecondition` when it does not, with the remedy.
    package func write(
        _ order: GitOrder,
        _ spec: GitSpec,
        credentials: GitCredentials = .none
    ) async throws -> GitResult {
        await enter()
        defer { leave() }
        guard let program = GitShell.find(path: searchPath) else {
            throw MartletError(
                .failedPrecondition,
                "Git is not installed where the server looks for programs; install it, or take 'gitops' out."
            )
        }
        if spec.repository.kind != .directory { try await checkHost(spec.repository) }
        try place.prepare()
        var files: [String] = []
        defer { files.forEach(place.remove) }
        let variables = try environment(spec, credentials, files: &files)
        let shell = GitShell(
            program: program,
            directory: place.directory,
            repository: place.repository(of: spec.repository),
            variables: variables,
            timeout: spec.timeout,
            secrets: credentials.secrets,
            clock: clock,
            logger: logger
        )
        try await makeCopy(shell)
        return try await GitRun(shell: shell, spec: spec, order: order, clock: clock, logger: logger).run()
    }

    // MARK: - One at a time

    private func enter() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        guard !waiting.isEmpty else {
            isBusy = false
            return
        }
        waiting.removeFirst().resume()
    }

    // MARK: - Preparations

    private func makeCopy(_ shell: GitShell) async throws {
        place.unlock(shell.repository)
        guard !FileManager.default.fileExists(atPath: "\(shell.repository)/HEAD") else { return }
        place.remove(shell.repository)
        let made = try await shell.run(["init", "--bare", "--quiet", "--template=", shell.repository])
        guard made.status == 0 else {
            throw MartletError(.storageFull, "Martlet's own copy of the Git repository cannot be made.")
        }
    }

    private func environment(
        _ spec: GitSpec,
        _ credentials: GitCredentials,
        files: inout [String]
    ) throws(MartletError) -> [String: String] {
        var variables = [
            "PATH": searchPath ?? "/usr/local/bin:/usr/bin:/bin", "HOME": place.directory, "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": Self.protocols(spec.repository),
            "GIT_ASKPASS": "/bin/false", "SSH_ASKPASS": "/bin/false", "GIT_SSH_COMMAND": "/bin/false",
            "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1", "GIT_NO_REPLACE_OBJECTS": "1",
        ]
        if case .token(let user, let token) = credentials {
            variables["GIT_ASKPASS"] = try place.write(GitPlace.askpass, to: "askpass", permissions: 0o700)
            variables["MARTLET_GIT_USER"] = user
            variables["MARTLET_GIT_TOKEN"] = token
        }
        if spec.repository.kind == .ssh {
            let suffix = Identifier.random()
            let hosts = try place.write(
                spec.knownHosts.joined(separator: "\n") + "\n",
                to: "known-hosts-\(suffix)",
                permissions: 0o600
            )
            files.append(hosts)
            var command = "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes"
            command += " -o \(Self.quoted("UserKnownHostsFile=\"\(hosts)\"")) -o GlobalKnownHostsFile=/dev/null"
            command += " -o IdentitiesOnly=yes -o IdentityAgent=none -o ForwardAgent=no -o ProxyCommand=none"
            if case .key(let key) = credentials {
                let text = key.hasSuffix("\n") ? key : key + "\n"
                let path = try place.write(text, to: "key-\(suffix)", permissions: 0o600)
                files.append(path)
                command += " -i \(Self.quoted(path))"
            }
            variables["GIT_SSH_COMMAND"] = command
        }
        return variables
    }

    private static func protocols(_ address: GitAddress) -> String {
        switch address.kind {
        case .https: "https"
        case .ssh: "ssh"
        case .directory: "file"
        }
    }

    /// A path for the shell that git starts ssh with, and for ssh, which splits at spaces itself.
    private static func quoted(_ path: String) -> String {
        "'" + path.replacing("'", with: "'\\''") + "'"
    }
}
