import Core
import GitOps
import Testing

@Suite("GitOps: settings, messages and decisions")
struct GitSpecTests {
    private func spec(_ changes: JSONObject = [:]) throws -> GitSpec {
        var object: JSONObject = [
            "repository": "https://git.example/team/models.git", "path": "deployments.cancer.version",
        ]
        for (key, value) in changes.pairs { object[key] = value }
        return try GitSpec(fields: JSONFields(object, path: "gitops"))
    }

    @Test("The least that is said, and what holds then")
    func standard() throws {
        let spec = try spec()
        #expect(spec.branch == "main" && spec.file == "martlet.yaml" && spec.push)
        #expect(spec.path.parts == ["deployments", "cancer", "version"])
        #expect(spec.credentials == .none && spec.timeout == .seconds(GitOpsLimits.callSeconds))
        #expect(spec.author.name == "Martlet" && spec.author.email == "martlet@localhost")
        #expect(spec.value.text == "{version}")
    }

    @Test(
        "Addresses",
        arguments: [
            ("https://git.example/a.git", GitAddress.Kind.https), ("ssh://git@git.example:2222/a.git", .ssh),
            ("git@git.example:team/a.git", .ssh), ("/srv/git/a.git", .directory),
        ]
    )
    func addresses(_ text: String, _ kind: GitAddress.Kind) throws {
        #expect(try GitAddress(text).kind == kind)
    }

    @Test(
        "Addresses that are refused",
        arguments: [
            "http://git.example/a.git", "git://git.example/a.git", "ext::sh -c id", "ext::id", "file:///srv/a.git",
            "https://user:token@git.example/a.git", "https://token@git.example/a.git", "-oProxyCommand=id@host:a",
            "git@-oProxyCommand=id:a", "ssh://-oProxyCommand=id/a", "/srv/../etc", "relative/path", "",
            "https:///a.git", "git@host::a", "https://git.example/a b", "--upload-pack=id",
        ]
    )
    func refusedAddresses(_ text: String) {
        #expect(throws: MartletError.self) { try GitAddress(text) }
    }

    /// What is wrong, as a field and its value.
    static let wrong: [(String, JSONValue)] = [
        ("branch", "../x"), ("branch", "a..b"), ("branch", "-x"), ("branch", "a b"), ("branch", "x.lock"),
        ("file", "../x"), ("file", "/etc/x"), ("file", ".git/config"), ("file", "a/.GIT/b"), ("path", "a..b"),
        ("path", [true]), ("document", -1), ("value", "{nothing}"), ("message", "{"), ("message", "a } b"),
        ("author", ["name": "a <b>"]), ("author", ["mail": "x"]),
        ("credentials", ["token_from": "a", "ssh_key_from": "b"]), ("credentials", ["ssh_key_from": "k"]),
        ("known_hosts", ["x"]), ("timeout", "0s"), ("timeout", "601s"), ("push", "yes"), ("hooks", true),
    ]

    @Test("Every field is strict and named in the error", arguments: wrong)
    func strict(_ key: String, _ value: JSONValue) throws {
        let error = try #require(#expect(throws: MartletError.self) { try spec([key: value]) })
        #expect(error.code == .invalidArgument)
        let names = ["path", "value", "message"].contains(key) ? ["key", key] : [key]
        #expect(names.contains { error.message.contains($0) }, "\(error.message)")
    }

    @Test("A password in an address is refused and not repeated")
    func password() throws {
        let address = JSONValue.string("https://user:s3cret@git.example/a.git")
        let error = try #require(#expect(throws: MartletError.self) { try spec(["repository": address]) })
        #expect(error.message.contains("gitops.repository") && !error.message.contains("s3cret"))
    }

    @Test("SSH wants the host's keys; a key path may be a list")
    func more() throws {
        #expect(throws: MartletError.self) { try spec(["repository": "git@git.example:a.git"]) }
        let ssh = try spec([
            "repository": "git@git.example:a.git", "known_hosts": ["git.example ssh-ed25519 AAAA"],
            "credentials": ["ssh_key_from": "deploy-key"], "path": ["deployments", "a.b", 0],
        ])
        #expect(ssh.credentials == .key(secret: "deploy-key"))
        #expect(ssh.path.parts == ["deployments", "a.b", "0"])
        let lines = JSONValue.array((0...GitOpsLimits.knownHosts).map { .string("h\($0) ssh-ed25519 AAAA") })
        #expect(throws: MartletError.self) { try spec(["repository": "git@h:a", "known_hosts": lines]) }
        let longest = "/" + String(repeating: "a", count: GitOpsLimits.addressCharacters - 1)
        #expect(try GitAddress(longest).kind == .directory)
        #expect(throws: MartletError.self) { try GitAddress(longest + "a") }
    }

    @Test("A message has the metrics and trailers, and nothing in it can forge one")
    func message() throws {
        var order = try GitOrder(key: "abc-1", model: "can\ncer", alias: "production", version: 4)
        order.champion = 3
        order.metrics = [
            .init(name: "accuracy", value: 0.965, champion: 0.95), .init(name: "a\nMartlet-Loop: x", value: 1),
        ]
        let text = CommitText.text(try MessageTemplate("{model}: {champion} to {version}\n\n{metrics}"), order)
        #expect(
            text == """
                can cer: 3 to 4

                accuracy: 0.965 (before: 0.95)
                a Martlet-Loop: x: 1.0

                Martlet-Loop: abc-1
                Martlet-Model: can cer
                Martlet-Version: 4

                """
        )
        let forged = CommitText.text(try MessageTemplate("x\n\nmartlet-loop: other\n{{y}}"), order)
        #expect(!forged.contains("other") && forged.contains("{y}"))
        order.metrics = (0..<60).map { .init(name: "m\($0)", value: 1) }
        #expect(
            try MessageTemplate("{metrics}").filled(order).split(separator: "\n").count == GitOpsLimits.messageMetrics
        )
        #expect(throws: MartletError.self) { try GitOrder(key: "a b", model: "m", alias: "a", version: 1) }
        let most = String(repeating: "x", count: GitOpsLimits.messageCharacters)
        #expect(try MessageTemplate(most).text == most)
        #expect(throws: MartletError.self) { try MessageTemplate(most + "x") }
    }

    @Test("A branch that moves is tried again with growing pauses, and not for ever")
    func attempts() {
        var attempts = WriteBackAttempts()
        var pauses: [Duration] = []
        for _ in 1..<GitOpsLimits.attempts {
            guard case .again(let pause) = attempts.handle(.moved, jitter: 1) else { return #expect(Bool(false)) }
            pauses.append(pause)
        }
        #expect(pauses == pauses.sorted() && pauses.first == .seconds(1))
        #expect(pauses.allSatisfy { $0 <= .seconds(GitOpsLimits.pauseSeconds) })
        guard case .fail(.unavailable, _) = attempts.handle(.moved, jitter: 0) else { return #expect(Bool(false)) }
        var other = WriteBackAttempts()
        #expect(other.handle(.taken, jitter: 0) == .succeed)
        var refused = WriteBackAttempts()
        guard case .fail(.failedPrecondition, let reason) = refused.handle(.refused("protected"), jitter: 0) else {
            return #expect(Bool(false))
        }
        #expect(reason.contains("protected"))
    }

    @Test("What is done with a file is decided by what it holds")
    func plan() throws {
        let (spec, order) = (try spec(["path": "v"]), try GitOrder(key: "k", model: "m", alias: "a", version: 4))
        func decide(_ text: String, known: String? = nil, before: String? = nil) throws -> EditPlan {
            try EditPlan.decide(spec, order, known: known, bytes: Array(text.utf8), before: before).plan
        }
        #expect(try decide("v: 9", known: "abc") == .known(commit: "abc"))
        #expect(try decide("v: 4", before: "3") == .nothing)
        #expect(try decide("v: 3", before: "3") == .write(Array("v: 4".utf8)))
        let error = try #require(#expect(throws: MartletError.self) { try decide("v: 9", before: "3") })
        #expect(error.code == .failedPrecondition && error.message.contains("'9'"))
    }

    @Test("What git and repositories say is understood, and host paths and secrets are not repeated")
    func failures() throws {
        let address = try GitAddress("/srv/secret/place.git")
        for (said, code) in [
            ("fatal: couldn't find remote ref refs/heads/x", MartletError.Code.notFound),
            ("fatal: Authentication failed for 'https://x'", .permissionDenied),
            ("Host key verification failed.", .failedPrecondition), ("fatal: unable to access 'x'", .unavailable),
            ("fatal: detected dubious ownership in repository at '/srv/secret'", .failedPrecondition),
            ("fatal: '/srv/secret/place.git' does not appear to be a git repository", .notFound),
            ("fatal: transport 'ext' not allowed", .failedPrecondition), ("something else /srv/secret", .unavailable),
        ] {
            let error = GitFailure.error(said, address, branch: "x")
            #expect(error.code == code, "\(said)")
            #expect(!error.message.contains("/srv"))
        }
        let moved = "To x\n!\tabc:refs/heads/main\t[rejected] (fetch first)\nDone"
        #expect(GitFailure.push(moved, "") == .moved)
        let taken = "To x\n \tabc:refs/heads/main\t1..2\nDone"
        #expect(GitFailure.push(taken, "") == .taken)
        let refused = "To x\n!\tabc:refs/heads/main\t[remote rejected] (pre-receive hook declined)\nDone"
        guard case .refused(let reason)? = GitFailure.push(refused, "remote: Protected branch.\n") else {
            return #expect(Bool(false))
        }
        #expect(reason.contains("pre-receive hook declined") && reason.contains("Protected branch."))
        let long = "remote: " + String(repeating: "x", count: 1000)
        guard case .refused(let cut)? = GitFailure.push(refused, long) else { return #expect(Bool(false)) }
        #expect(cut.count == GitOpsLimits.quotedCharacters)
        #expect(GitFailure.push("fatal", "") == nil)
    }
}
