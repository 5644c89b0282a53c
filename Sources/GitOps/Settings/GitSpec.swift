package import Core

/// The section `gitops`: which value of which file of which repository says what serves.
package struct GitSpec: Sendable, Equatable {
    /// Who a commit is by.
    package struct Author: Sendable, Equatable {
        /// The name.
        package var name = "Martlet"
        /// The address.
        package var email = "martlet@localhost"
    }

    /// The names of the secrets that open the repository.
    package enum Credentials: Sendable, Equatable {
        /// Nothing is needed.
        case none
        /// A token over HTTPS, for a user.
        case token(secret: String, user: String)
        /// A private key over SSH.
        case key(secret: String)
    }

    /// Where the repository is.
    package let repository: GitAddress
    /// The branch that is read and written.
    package let branch: String
    /// The file in it.
    package let file: String
    /// The value in the file.
    package let path: YAMLPath
    /// The document of the file; nil when it has one.
    package let document: Int?
    /// What the value becomes, with placeholders.
    package let value: MessageTemplate
    /// The commit's message, with placeholders.
    package let message: MessageTemplate
    /// Who the commit is by.
    package let author: Author
    /// Whether it is pushed; otherwise it stays on the branch of Martlet's own copy.
    package let push: Bool
    /// What opens the repository.
    package let credentials: Credentials
    /// The keys of SSH hosts, as `known_hosts` has them.
    package let knownHosts: [String]
    /// How long one call of git may take.
    package let timeout: Duration

    /// The keys of the section.
    package static let keys = [
        "repository", "branch", "file", "path", "document", "value", "message", "author", "push", "credentials",
        "known_hosts", "timeout",
    ]

    /// Reads the section strictly.
    ///
    /// - Parameter fields: the section.
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(Self.keys)
        repository = try Self.told(fields, "repository") { text throws(MartletError) in try GitAddress(text) }
        branch = try Self.branch(fields)
        file = try Self.file(fields)
        path = try Self.path(fields)
        document = try fields.optionalInt("document", in: 0...1000).map { Int($0) }
        value = try Self.template(fields, "value", or: "{version}")
        message = try Self.template(fields, "message", or: "{model}: version {version} {outcome}\n\n{metrics}")
        author = try Self.author(fields)
        push = try fields.optionalBool("push") ?? true
        credentials = try Self.credentials(fields, repository)
        knownHosts = try Self.knownHosts(fields, repository)
        timeout = try Self.timeout(fields)
    }

    private static func told<T>(
        _ fields: JSONFields,
        _ key: String,
        _ read: (String) throws(MartletError) -> T
    ) throws(MartletError) -> T {
        let text = try fields.string(key)
        do throws(MartletError) {
            return try read(text)
        } catch {
            // Without the value: an address may have a password in it.
            throw MartletError(.invalidArgument, "'\(fields.path(of: key))' is refused. \(error.message)")
        }
    }

    /// As `git check-ref-format` has it, and a little stricter.
    private static func branch(_ fields: JSONFields) throws(MartletError) -> String {
        let name = try fields.optionalString("branch") ?? "main"
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isFine =
            (1...200).contains(name.count)
            && name.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value < 0x7F && !"~^:?*[\\@{".unicodeScalars.contains($0)
            }
            && !name.contains("..") && !name.hasPrefix("-") && !name.hasSuffix(".")
            && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }
        guard isFine else { throw fields.invalid("branch", "must be the name of a branch, such as 'main'") }
        return name
    }

    private static func file(_ fields: JSONFields) throws(MartletError) -> String {
        let name = try fields.optionalString("file") ?? "martlet.yaml"
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isFine =
            (1...500).contains(name.utf8.count)
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.lowercased() != ".git" }
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isFine else {
            throw fields.invalid("file", "must be a path within the repository, such as 'deploy/martlet.yaml'")
        }
        return name
    }

    private static func path(_ fields: JSONFields) throws(MartletError) -> YAMLPath {
        if case .array(let values)? = fields.value("path") {
            let parts = values.compactMap { part in part.stringValue ?? part.integerValue.map { String($0) } }
            guard parts.count == values.count else {
                throw fields.invalid("path", "must be a list of texts and whole numbers")
            }
            return try YAMLPath(parts: parts)
        }
        return try told(fields, "path") { text throws(MartletError) in try YAMLPath(text) }
    }

    private static func template(
        _ fields: JSONFields,
        _ key: String,
        or standard: String
    ) throws(MartletError) -> MessageTemplate {
        let text = try fields.optionalString(key) ?? standard
        do throws(MartletError) {
            return try MessageTemplate(text)
        } catch {
            throw fields.invalid(key, "is refused. \(error.message)")
        }
    }

    private static func author(_ fields: JSONFields) throws(MartletError) -> Author {
        var author = Author()
        guard let given = try fields.optionalFields("author") else { return author }
        try given.rejectUnknown(["name", "email"])
        func plain(_ key: String, _ standard: String) throws(MartletError) -> String {
            let text = try given.optionalString(key) ?? standard
            let isFine =
                (1...200).contains(text.count) && !text.contains { "<>".contains($0) }
                && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            guard isFine else { throw given.invalid(key, "must be 1 to 200 characters on one line, without < and >") }
            return text
        }
        author.name = try plain("name", author.name)
        author.email = try plain("email", author.email)
        return author
    }

    private static func credentials(
        _ fields: JSONFields,
        _ repository: GitAddress
    ) throws(MartletError) -> Credentials {
        guard let given = try fields.optionalFields("credentials") else { return .none }
        try given.rejectUnknown(["token_from", "user", "ssh_key_from"])
        switch (try given.optionalString("token_from"), try given.optionalString("ssh_key_from")) {
        case (let secret?, nil):
            guard repository.kind == .https else {
                throw given.invalid("token_from", "is for repositories over https:// only")
            }
            return .token(secret: secret, user: try given.optionalString("user") ?? "x-access-token")
        case (nil, let secret?):
            guard repository.kind == .ssh else {
                throw given.invalid("ssh_key_from", "is for repositories over SSH only")
            }
            return .key(secret: secret)
        default:
            throw fields.invalid("credentials", "must name one secret, in 'token_from' or in 'ssh_key_from'")
        }
    }

    private static func knownHosts(
        _ fields: JSONFields,
        _ repository: GitAddress
    ) throws(MartletError) -> [String] {
        let lines = try fields.strings("known_hosts")
        guard repository.kind == .ssh else {
            guard lines.isEmpty else { throw fields.invalid("known_hosts", "is for repositories over SSH only") }
            return []
        }
        let arePlain = lines.allSatisfy { line in
            !line.isEmpty && line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
        guard (1...GitOpsLimits.knownHosts).contains(lines.count), arePlain else {
            throw fields.invalid(
                "known_hosts",
                "must have 1 to \(GitOpsLimits.knownHosts) lines with the host's keys; `ssh-keyscan \(repository.host ?? "")` "
                    + "prints them, to be compared with what the host's owner publishes"
            )
        }
        return lines
    }

    private static func timeout(_ fields: JSONFields) throws(MartletError) -> Duration {
        let given = try fields.optionalDuration("timeout") ?? .seconds(GitOpsLimits.callSeconds)
        guard given >= .seconds(1), given <= .seconds(GitOpsLimits.longestCallSeconds) else {
            throw fields.invalid("timeout", "must be 1s to \(GitOpsLimits.longestCallSeconds)s")
        }
        return given
    }
}
