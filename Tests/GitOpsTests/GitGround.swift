import Core
import Foundation
import GitOps
import Logging
import Testing

/// A bare repository with a manifest, as a team would have, and Martlet's own place beside it.
final class GitGround: Sendable {
    let root: String
    var remote: String { root + "/remote.git" }
    var place: String { root + "/martlet" }

    static let manifest = """
        # what serves
        version: 1
        deployments:
          cancer:
            model: cancer
            version: 3  # promoted by hand

        """

    /// Makes the repository with one commit on `main`.
    init() throws {
        root = NSTemporaryDirectory() + "martlet-git-" + Identifier.random()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try git(root, ["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"])
        try change("martlet.yaml", Self.manifest, "first")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    /// Calls git as a person would, without anybody's settings.
    @discardableResult
    func git(_ directory: String, _ words: [String], fails: Bool = false) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + words
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": root,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Person", "GIT_AUTHOR_EMAIL": "p@example.org",
            "GIT_COMMITTER_NAME": "Person", "GIT_COMMITTER_EMAIL": "p@example.org",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect((process.terminationStatus == 0) != fails, "git \(words.joined(separator: " "))")
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A person changes a file on a branch.
    func change(_ file: String, _ text: String, _ message: String, branch: String = "main") throws {
        let checkout = root + "/person-" + Identifier.random()
        try git(root, ["clone", "--quiet", remote, checkout])
        try git(checkout, ["checkout", "--quiet", "-B", branch])
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(checkout)/\(file)"))
        try git(checkout, ["add", file])
        try git(checkout, ["commit", "--quiet", "-m", message])
        try git(checkout, ["push", "--quiet", "origin", branch])
        try FileManager.default.removeItem(atPath: checkout)
    }

    /// A program in the repository's hooks, which marks that it ran.
    func hook(_ name: String, _ body: String = "", in repository: String? = nil) throws {
        let folder = (repository ?? remote) + "/hooks"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(
            atPath: "\(folder)/\(name)",
            contents: Data("#!/bin/sh\necho \(name) >> \(root)/ran\n\(body)\n".utf8),
            attributes: [.posixPermissions: 0o755]
        )
    }

    /// What hooks and configured programs have run.
    var ran: String { (try? String(contentsOfFile: root + "/ran", encoding: .utf8)) ?? "" }

    /// The manifest as a branch has it.
    func file(_ branch: String = "main", _ name: String = "martlet.yaml") throws -> String {
        try git(remote, ["show", "\(branch):\(name)"])
    }

    /// How many commits a branch has.
    func commits(_ branch: String = "main") throws -> Int? {
        Int(try git(remote, ["rev-list", "--count", branch]))
    }

    func spec(_ changes: JSONObject = [:]) throws -> GitSpec {
        var object: JSONObject = ["repository": .string(remote), "path": "deployments.cancer.version"]
        for (key, value) in changes.pairs { object[key] = value }
        return try GitSpec(fields: JSONFields(object, path: "gitops"))
    }

    func order(_ key: String = "loop-1", version: Int = 4) throws -> GitOrder {
        var order = try GitOrder(key: key, model: "cancer", alias: "production", version: version)
        order.metrics = [.init(name: "accuracy", value: 0.965, champion: 0.95)]
        return order
    }

    func writer(searchPath: String? = nil, check: @escaping GitWriteBack.HostCheck = { _ in }) -> GitWriteBack {
        GitWriteBack(
            directory: place,
            searchPath: searchPath ?? ProcessInfo.processInfo.environment["PATH"],
            checkHost: check,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}
