import Core
import Foundation
import GitOps
import Synchronization
import Testing

@Suite("GitOps: commits in real repositories")
struct GitWriteBackTests {
    @Test("One value, one commit with author, message, metrics and trailer; a second call finds it")
    func once() async throws {
        let ground = try GitGround()
        let spec = try ground.spec(["author": ["name": "Release Bot", "email": "bot@example.org"]])
        let result = try await ground.writer().write(try ground.order(), spec)
        #expect(result.isNew && result.isChanged && result.isPushed && result.branch == "main")
        #expect(
            try ground.file() == GitGround.manifest.replacing(": 3 ", with: ": 4 ").trimmingCharacters(in: .newlines)
        )
        #expect(try ground.git(ground.remote, ["rev-parse", "main"]) == result.commit)
        let shown = try ground.git(ground.remote, ["show", "--no-patch", "--format=%an <%ae>|%cn|%B", "main"])
        #expect(
            shown.hasPrefix("Release Bot <bot@example.org>|Release Bot|cancer: version 4 promoted\n\naccuracy: 0.965")
        )
        #expect(shown.contains("\n\nMartlet-Loop: loop-1\n"))
        let again = try await ground.writer().write(try ground.order(), spec)
        #expect(again.commit == result.commit && !again.isNew && again.isChanged)
        #expect(try ground.commits() == 2)
        #expect(
            try ground.git(ground.remote, ["diff", "--stat", "main~1", "main"]).contains(
                "1 insertion(+), 1 deletion(-)"
            )
        )
    }

    @Test("Ten calls with one key at once make one commit")
    func together() async throws {
        let ground = try GitGround()
        let (writer, spec, order) = (ground.writer(), try ground.spec(), try ground.order())
        let commits = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<10 { group.addTask { try await writer.write(order, spec).commit } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(commits.count == 1)
        #expect(try ground.commits() == 2)
    }

    @Test("Killed after the commit and before the push: the next call makes it once")
    func killedBefore() async throws {
        let ground = try GitGround()
        // A git that dies at the push, as a machine that goes off would.
        let real = try ground.git(ground.root, ["--exec-path"])
        let folder = ground.root + "/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        _ = FileManager.default.createFile(
            atPath: folder + "/git",
            contents: Data(
                "#!/bin/sh\ncase \"$*\" in *' push '*) kill -9 $$;; esac\nPATH='\(path)' exec git \"$@\"\n".utf8
            ),
            attributes: [.posixPermissions: 0o755]
        )
        #expect(!real.isEmpty)
        await #expect(throws: MartletError.self) {
            try await ground.writer(searchPath: folder + ":" + path).write(try ground.order(), try ground.spec())
        }
        #expect(try ground.commits() == 1)
        // What the dead call left locked does not stop the next one.
        let copies = try FileManager.default.contentsOfDirectory(atPath: ground.place).filter { $0.hasSuffix(".git") }
        let copy = ground.place + "/" + (try #require(copies.first))
        for lock in ["refs/martlet/upstream.lock", "packed-refs.lock", "HEAD.lock"] {
            _ = FileManager.default.createFile(atPath: "\(copy)/\(lock)", contents: nil)
        }
        let result = try await ground.writer().write(try ground.order(), try ground.spec())
        #expect(result.isNew)
        #expect(try ground.commits() == 2)
        let after = try await ground.writer().write(try ground.order(), try ground.spec())
        #expect(after.commit == result.commit)
    }

    @Test("The branch moves while the commit is made: it is made anew on what is there")
    func moved() async throws {
        let ground = try GitGround()
        let moves = Mutex(0)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        // Somebody else commits between the reading and the first push.
        let folder = ground.root + "/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let other = "PATH='\(path)' git -C \(ground.root)/person"
        try ground.git(ground.root, ["clone", "--quiet", ground.remote, "person"])
        let script = """
            #!/bin/sh
            case "$*" in *' push '*) if [ ! -e \(ground.root)/moved ]; then touch \(ground.root)/moved
              echo more > \(ground.root)/person/README; \(other) add README
              \(other) -c user.name=P -c user.email=p@x commit -qm other; \(other) push -q origin main; fi;; esac
            PATH='\(path)' exec git "$@"
            """
        _ = FileManager.default.createFile(
            atPath: folder + "/git",
            contents: Data(script.utf8),
            attributes: [.posixPermissions: 0o755]
        )
        let result = try await ground.writer(searchPath: folder + ":" + path).write(
            try ground.order(),
            try ground.spec()
        )
        #expect(moves.withLock { $0 } == 0 && result.isNew)
        #expect(try ground.commits() == 3)
        #expect(try ground.file().contains("version: 4  # promoted by hand"))
        #expect(try ground.file("main", "README") == "more")
        #expect(try ground.git(ground.remote, ["rev-list", "--merges", "--count", "main"]) == "0")
    }

    @Test("The file changed before: comments of others stay; the value that says so already needs no commit")
    func fileChanged() async throws {
        let ground = try GitGround()
        _ = try await ground.writer().write(try ground.order("a", version: 4), try ground.spec())
        let edited = "# new head\n" + GitGround.manifest.replacing("version: 3 ", with: "version: 4 ")
        try ground.change("martlet.yaml", edited, "words")
        let next = try await ground.writer().write(try ground.order("b", version: 5), try ground.spec())
        #expect(next.isNew)
        #expect(try ground.file().hasPrefix("# new head\n# what serves"))
        #expect(try ground.file().contains("version: 5  # promoted by hand"))
        let count = try ground.commits()
        let same = try await ground.writer().write(try ground.order("c", version: 5), try ground.spec())
        #expect(!same.isNew && !same.isChanged && same.commit == next.commit)
        #expect(try ground.commits() == count)
    }

    @Test("A protected branch, and its own words; nothing is left behind")
    func protected() async throws {
        let ground = try GitGround()
        // Denied by configuration, which is the repository's own and not a program.
        try ground.git(ground.remote, ["config", "receive.denyDeletes", "true"])
        try ground.git(ground.remote, ["config", "transfer.hideRefs", "refs/heads/main"])
        await #expect(throws: MartletError.self) {
            try await ground.writer().write(try ground.order(), try ground.spec())
        }
        try ground.git(ground.remote, ["config", "--unset", "transfer.hideRefs"])
        try ground.git(ground.remote, ["config", "receive.hideRefs", "refs/heads/main"])
        let error = await #expect(throws: MartletError.self) {
            try await ground.writer().write(try ground.order(), try ground.spec())
        }
        #expect(error?.code == .failedPrecondition, "\(error?.message ?? "")")
        #expect(error?.message.contains("refuses the commit") == true)
        #expect(try ground.commits() == 1)
    }

    @Test("A branch that is checked out is left alone, and so is the checkout")
    func checkedOut() async throws {
        let ground = try GitGround()
        let checkout = ground.root + "/checkout"
        try ground.git(ground.root, ["clone", "--quiet", ground.remote, checkout])
        let spec = try ground.spec(["repository": .string(checkout)])
        let error = await #expect(throws: MartletError.self) {
            try await ground.writer().write(try ground.order(), spec)
        }
        #expect(error?.message.contains("checked out") == true, "\(error?.message ?? "")")
        #expect(try ground.git(checkout, ["status", "--porcelain"]).isEmpty)
        try ground.git(checkout, ["branch", "releases"])
        let other = try ground.spec(["repository": .string(checkout), "branch": "releases"])
        #expect(try await ground.writer().write(try ground.order(), other).isNew)
        #expect(try ground.git(checkout, ["status", "--porcelain"]).isEmpty)
        #expect(try ground.git(checkout, ["show", "releases:martlet.yaml"]).contains("version: 4"))
    }

    @Test("Nothing that the repository or its files configure is run")
    func nothingRuns() async throws {
        let ground = try GitGround()
        for hook in ["pre-receive", "update", "post-receive", "post-update", "reference-transaction", "pre-push"] {
            try ground.hook(hook)
        }
        try ground.change(".gitattributes", "*.yaml filter=evil diff=evil merge=evil text eol=crlf\n", "attributes")
        _ = FileManager.default.createFile(
            atPath: ground.root + "/evil",
            contents: Data("#!/bin/sh\necho evil >> \(ground.root)/ran\ncat\n".utf8),
            attributes: [.posixPermissions: 0o755]
        )
        for key in [
            "core.fsmonitor", "core.sshCommand", "core.pager", "core.alternateRefsCommand", "credential.helper",
        ] {
            try ground.git(ground.remote, ["config", key, ground.root + "/evil"])
        }
        try ground.git(ground.remote, ["config", "uploadpack.packObjectsHook", ground.root + "/evil"])
        // The home that git would read is Martlet's own place.
        try FileManager.default.createDirectory(atPath: ground.place, withIntermediateDirectories: true)
        let home = "[core]\n\thooksPath = \(ground.remote)/hooks\n[filter \"evil\"]\n\tclean = \(ground.root)/evil\n"
        try Data(home.utf8).write(to: URL(fileURLWithPath: ground.place + "/.gitconfig"))
        try? FileManager.default.removeItem(atPath: ground.root + "/ran")
        let result = try await ground.writer().write(try ground.order(), try ground.spec())
        #expect(result.isNew)
        #expect(ground.ran.isEmpty, "\(ground.ran)")
        #expect(try ground.file().contains("version: 4"))
    }

    @Test("Without push the commits stay in Martlet's own copy, on top of each other")
    func kept() async throws {
        let ground = try GitGround()
        let spec = try ground.spec(["push": false])
        let first = try await ground.writer().write(try ground.order("a", version: 4), spec)
        let second = try await ground.writer().write(try ground.order("b", version: 5), spec)
        #expect(first.isNew && second.isNew && !second.isPushed)
        #expect(try await ground.writer().write(try ground.order("a", version: 4), spec).commit == first.commit)
        #expect(try ground.commits() == 1)
        let copies = try FileManager.default.contentsOfDirectory(atPath: ground.place).filter { $0.hasSuffix(".git") }
        let copy = ground.place + "/" + (try #require(copies.first))
        #expect(try ground.git(copy, ["rev-list", "--count", "main"]) == "3")
        #expect(try ground.git(copy, ["show", "main:martlet.yaml"]).contains("version: 5"))
        // Once the repository has them, the branch goes on from there.
        try ground.git(copy, ["push", "--quiet", ground.remote, "main:main"])
        try ground.change("README", "x", "more")
        let third = try await ground.writer().write(try ground.order("c", version: 6), spec)
        #expect(try ground.git(copy, ["rev-list", "--count", third.commit]) == "5")
    }

    @Test("What is missing is named: git, repository, branch, file, value")
    func missing() async throws {
        let ground = try GitGround()
        func failure(_ changes: JSONObject, searchPath: String? = nil) async throws -> MartletError? {
            await #expect(throws: MartletError.self) {
                try await ground.writer(searchPath: searchPath).write(try ground.order(), try ground.spec(changes))
            }
        }
        let git = try await failure([:], searchPath: ground.root)
        #expect(git?.code == .failedPrecondition && git?.message.contains("not installed") == true)
        let repository = try await failure(["repository": .string(ground.root + "/none.git")])
        #expect(repository?.code == .notFound && repository?.message.contains(ground.root) == false)
        let branch = try await failure(["branch": "release"])
        #expect(branch?.code == .notFound && branch?.message.contains("'release'") == true)
        let file = try await failure(["file": "other.yaml"])
        #expect(file?.code == .notFound && file?.message.contains("'other.yaml'") == true)
        let value = try await failure(["path": "deployments.none.version"])
        #expect(value?.code == .notFound && value?.message.contains("'none'") == true)
    }

    @Test("A link instead of the file is refused; a host that must not be called is not")
    func refused() async throws {
        let ground = try GitGround()
        let checkout = ground.root + "/links"
        try ground.git(ground.root, ["clone", "--quiet", ground.remote, checkout])
        try FileManager.default.createSymbolicLink(atPath: checkout + "/link.yaml", withDestinationPath: "/etc/passwd")
        try ground.git(checkout, ["add", "link.yaml"])
        try ground.git(checkout, ["commit", "--quiet", "-m", "link"])
        try ground.git(checkout, ["push", "--quiet", "origin", "main"])
        let link = await #expect(throws: MartletError.self) {
            try await ground.writer().write(try ground.order(), try ground.spec(["file": "link.yaml"]))
        }
        #expect(link?.code == .failedPrecondition)
        let writer = ground.writer { address in
            throw MartletError(.permissionDenied, "The host \(address.host ?? "") may not be called.")
        }
        let host = await #expect(throws: MartletError.self) {
            try await writer.write(try ground.order(), try ground.spec(["repository": "https://git.internal/a.git"]))
        }
        #expect(host?.code == .permissionDenied)
    }

    @Test("A call that takes too long is ended with all it started, and a token is in no argument")
    func slow() async throws {
        let ground = try GitGround()
        let folder = ground.root + "/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        // A git that notes its arguments, and hangs together with a child when it is to fetch.
        let script = """
            #!/bin/sh
            echo "$*" >> \(ground.root)/arguments
            case "$*" in *' fetch '*) "$GIT_ASKPASS" 'Password for x' > \(ground.root)/answer
              sleep 600 & echo $! > \(ground.root)/child; wait;; esac
            PATH='\(path)' exec git "$@"
            """
        _ = FileManager.default.createFile(
            atPath: folder + "/git",
            contents: Data(script.utf8),
            attributes: [.posixPermissions: 0o755]
        )
        let spec = try ground.spec([
            "repository": "https://git.example/a.git", "timeout": "45s", "credentials": ["token_from": "t"],
        ])
        let error = await #expect(throws: MartletError.self) {
            try await ground.writer(searchPath: folder + ":" + path).write(
                try ground.order(),
                spec,
                credentials: .token(user: "bot", token: "s3cret-token")
            )
        }
        #expect(error?.code == .deadlineExceeded, "\(error?.message ?? "")")
        let arguments = try String(contentsOfFile: ground.root + "/arguments", encoding: .utf8)
        #expect(arguments.contains("fetch") && !arguments.contains("s3cret-token"))
        #expect(try String(contentsOfFile: ground.root + "/answer", encoding: .utf8) == "s3cret-token\n")
        let child = try String(contentsOfFile: ground.root + "/child", encoding: .utf8)
        let number = try #require(Int32(child.trimmingCharacters(in: .whitespacesAndNewlines)))
        for _ in 0..<1500 where kill(number, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(kill(number, 0) != 0)
    }
}
