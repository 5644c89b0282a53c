package import Core

/// What went wrong with a call of git, in words that can be shown.
package enum GitFailure {
    /// Names the reason and the remedy; what git says itself goes to the log only, except the repository's own words.
    ///
    /// - Parameters:
    ///   - said: what git wrote to its standard error, in English.
    ///   - address: the repository.
    ///   - branch: the branch.
    /// - Returns: the error; `unavailable` when trying again may help.
    package static func error(_ said: String, _ address: GitAddress, branch: String) -> MartletError {
        let text = said.lowercased()
        func has(_ parts: String...) -> Bool { parts.contains { text.contains($0) } }
        if has("couldn't find remote ref", "could not find remote branch") {
            return MartletError(.notFound, "The Git repository has no branch '\(branch)'; create it.")
        }
        if has("host key verification failed") {
            return MartletError(
                .failedPrecondition,
                "The Git host's key is not the one in 'known_hosts'; compare it with what the host's owner publishes."
            )
        }
        if has("authentication failed", "could not read username", "could not read password", "permission denied")
            || has("returned error: 401", "returned error: 403", "invalid credentials")
        {
            return MartletError(
                .permissionDenied,
                "The Git repository refuses the credentials; check the secret that 'credentials' names, and what it may do."
            )
        }
        if has("dubious ownership") {
            return MartletError(
                .failedPrecondition,
                "The directory of the Git repository belongs to another user than the server's; change its owner."
            )
        }
        if has("does not appear to be a git repository", "repository not found", "not a git repository")
            || has("returned error: 404", "does not exist")
        {
            return MartletError(.notFound, "There is no Git repository at \(address), or it may not be seen.")
        }
        if has("transport '", "not allowed") {
            return MartletError(.failedPrecondition, "The Git repository asks for a protocol that is not allowed.")
        }
        if has("unable to access", "could not resolve", "connection refused", "timed out", "could not read from remote")
            || has("early eof", "connection reset", "the remote end hung up")
        {
            return MartletError(.unavailable, "The Git repository cannot be reached.")
        }
        return MartletError(.unavailable, "Git failed; its own words are in the server's log.")
    }

    /// What came of a push, by the lines of `git push --porcelain`.
    ///
    /// - Parameters:
    ///   - output: what it wrote.
    ///   - said: what it wrote to its standard error: the repository's own words are there.
    /// - Returns: what came of it; nil when the lines do not say.
    package static func push(_ output: String, _ said: String) -> WriteBackAttempts.Event? {
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count >= 3, let flag = fields[0].first else { continue }
            guard flag == "!" else { return .taken }
            let summary = fields[2]
            let races = [
                "(fetch first)", "(non-fast-forward)", "(stale info)", "cannot lock ref", "failed to update ref",
            ]
            if races.contains(where: { summary.contains($0) }) { return .moved }
            return .refused(reason(String(summary), said))
        }
        return nil
    }

    private static func reason(_ summary: String, _ said: String) -> String {
        if summary.contains("branch is currently checked out") {
            return "the branch is checked out there; name another branch, or a bare repository."
        }
        let words = said.split(separator: "\n").filter { $0.hasPrefix("remote:") }.map {
            MessageTemplate.line(String($0.dropFirst("remote:".count))).trimmed
        }
        .filter { !$0.isEmpty }
        let reason = summary.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
        let text = (["\(reason)"] + words).joined(separator: "; ")
        return String(text.prefix(GitOpsLimits.quotedCharacters))
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
