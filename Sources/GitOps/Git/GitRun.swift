import Core
import Foundation
import Logging

/// One order in one copy of a repository: the calls of git, in their order.
struct GitRun: Sendable {
    let shell: GitShell
    let spec: GitSpec
    let order: GitOrder
    let clock: Clock
    let logger: Logger

    /// The branch as the repository has it.
    private static let upstream = "refs/martlet/upstream"
    private var own: String { "refs/heads/\(spec.branch)" }

    /// Carries out the order.
    func run() async throws -> GitResult {
        var attempts = WriteBackAttempts()
        var before: String?
        while true {
            let base = try await read()
            let known = try await commit(with: order.key, in: base)
            let (mode, bytes) = try await file(at: base)
            let (plan, old) = try EditPlan.decide(spec, order, known: known, bytes: bytes, before: before)
            before = before ?? old
            switch plan {
            case .known(let commit): return result(commit, isNew: false, isChanged: true)
            case .nothing: return result(base, isNew: false, isChanged: false)
            case .write(let bytes):
                let commit = try await make(bytes, mode: mode, on: base)
                let event = spec.push ? try await push(commit) : try await keep(commit, on: base)
                switch attempts.handle(event, jitter: Double.random(in: 0...1)) {
                case .succeed: return result(commit, isNew: true, isChanged: true)
                case .again(let pause): try await clock.sleep(for: pause)
                case .fail(let code, let message): throw MartletError(code, message)
                }
            }
        }
    }

    private func result(_ commit: String, isNew: Bool, isChanged: Bool) -> GitResult {
        GitResult(commit: commit, branch: spec.branch, isNew: isNew, isChanged: isChanged, isPushed: spec.push)
    }

    // MARK: - Reading

    /// Reads the branch and answers with the commit to build on.
    private func read() async throws -> String {
        var words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--force"]
        if spec.repository.kind == .directory { words.append("--upload-pack=\(GitShell.remote("upload-pack"))") }
        words += [spec.repository.text, "+refs/heads/\(spec.branch):\(Self.upstream)"]
        let answer = try await shell.run(words)
        guard answer.status == 0 else { throw failure(answer) }
        let remote = try await text(["rev-parse", "--verify", "--quiet", "\(Self.upstream)^{commit}"])
        guard !spec.push else { return remote }
        // What was not pushed is built upon, until the repository has it.
        let kept = try await shell.run(["rev-parse", "--verify", "--quiet", "\(own)^{commit}"])
        guard kept.status == 0 else { return remote }
        let isIn = try await shell.run(["merge-base", "--is-ancestor", kept.text, remote])
        return isIn.status == 0 ? remote : kept.text
    }

    /// The commit that has a key; nil when the branch has none.
    private func commit(with key: String, in base: String) async throws -> String? {
        let format = "%H %(trailers:key=\(CommitText.keyTrailer),valueonly,separator=%x2C)"
        let found = try await text([
            "log", "--format=\(format)", "--fixed-strings", "--grep=\(CommitText.keyTrailer): \(key)", "--max-count=20",
            base, "--",
        ])
        for line in found.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[1].split(separator: ",").contains(where: { $0 == key }) else { continue }
            return String(parts[0])
        }
        return nil
    }

    /// The file's mode and bytes.
    private func file(at base: String) async throws -> (mode: String, bytes: [UInt8]) {
        let listed = try await shell.run(["ls-tree", "-z", "--full-tree", base, "--", spec.file])
        guard listed.status == 0 else { throw failure(listed) }
        let entry = String(decoding: listed.output.prefix { $0 != 0 }, as: UTF8.self)
        let fields = entry.prefix { $0 != "\t" }.split(separator: " ")
        guard fields.count == 3 else {
            throw MartletError(.notFound, "The branch '\(spec.branch)' has no file '\(spec.file)'.")
        }
        guard fields[1] == "blob", ["100644", "100755"].contains(fields[0]) else {
            throw MartletError(.failedPrecondition, "'\(spec.file)' is a directory or a link, and no file.")
        }
        let size = try await text(["cat-file", "-s", String(fields[2])])
        guard let count = Int(size), count <= GitOpsLimits.fileBytes else { throw YAMLFile.tooLarge }
        let content = try await shell.run(["cat-file", "blob", String(fields[2])])
        guard content.status == 0, content.output.count == count else { throw failure(content) }
        return (String(fields[0]), content.output)
    }

    // MARK: - Writing

    /// Makes the commit from objects: no file is checked out, so nothing that a repository configured can run.
    private func make(_ bytes: [UInt8], mode: String, on base: String) async throws -> String {
        let blob = try await text(["hash-object", "-w", "--no-filters", "--stdin"], input: bytes)
        let index = "\(shell.repository)/martlet-index"
        try? FileManager.default.removeItem(atPath: index)
        defer { try? FileManager.default.removeItem(atPath: index) }
        let own = ["GIT_INDEX_FILE": index]
        _ = try await text(["read-tree", base], extra: own)
        let entry = Array("\(mode) \(blob) 0\t\(spec.file)\0".utf8)
        _ = try await text(["update-index", "-z", "--index-info"], input: entry, extra: own)
        let tree = try await text(["write-tree"], extra: own)
        let seconds = clock.now.milliseconds / 1000
        var who: [String: String] = [:]
        for role in ["AUTHOR", "COMMITTER"] {
            who["GIT_\(role)_NAME"] = spec.author.name
            who["GIT_\(role)_EMAIL"] = spec.author.email
            who["GIT_\(role)_DATE"] = "\(seconds) +0000"
        }
        let message = Array(CommitText.text(spec.message, order).utf8)
        return try await text(["commit-tree", tree, "-p", base, "-F", "-"], input: message, extra: who)
    }

    /// Gives the commit to the repository's branch, which takes it only if it has not moved.
    private func push(_ commit: String) async throws -> WriteBackAttempts.Event {
        var words = ["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"]
        if spec.repository.kind == .directory { words.append("--receive-pack=\(GitShell.remote("receive-pack"))") }
        let answer = try await shell.run(words + [spec.repository.text, "\(commit):refs/heads/\(spec.branch)"])
        if let event = GitFailure.push(answer.text, answer.said) {
            if case .refused = event { logger.warning("A Git repository refuses a commit.", metadata: said(answer)) }
            return event
        }
        throw failure(answer)
    }

    /// Leaves the commit on the branch of Martlet's own copy.
    private func keep(_ commit: String, on base: String) async throws -> WriteBackAttempts.Event {
        let answer = try await shell.run(["update-ref", own, commit])
        guard answer.status == 0 else { throw failure(answer) }
        return .taken
    }

    // MARK: - Calls

    private func text(
        _ words: [String],
        input: [UInt8] = [],
        extra: [String: String] = [:]
    ) async throws -> String {
        let answer = try await shell.run(words, input: input, extra: extra)
        guard answer.status == 0 else { throw failure(answer) }
        return answer.text
    }

    private func failure(_ answer: GitShell.Answer) -> MartletError {
        let error = GitFailure.error(answer.said, spec.repository, branch: spec.branch)
        logger.warning("Git failed.", metadata: said(answer))
        return error
    }

    private func said(_ answer: GitShell.Answer) -> Logger.Metadata {
        ["said": "\(answer.said.trimmed.prefix(2000))", "status": "\(answer.status)"]
    }
}
