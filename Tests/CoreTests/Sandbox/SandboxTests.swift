import Core
import Foundation
import Testing

/// The rules of files, control groups and what the report says, without starting anything.
struct SandboxTests {
    private final class Tree: Sendable {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-sandbox-\(Identifier.random())"

        init(_ directories: [String]) throws {
            for directory in directories {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(directory)",
                    withIntermediateDirectories: true
                )
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func allowed(_ access: FileAccess, _ path: String) throws -> Int32 {
        try access.rules().filter { path == $0.path || path.hasPrefix($0.path == "/" ? "/" : $0.path + "/") }
            .reduce(0) { $0 | $1.may }
    }

    @Test func siblingsOfWhatIsHiddenAreAllowedAndItIsNot() throws {
        let tree = try Tree(["app/.martlet/tasks/run", "app/data", "other"])
        let access = FileAccess(
            hidden: [tree.path + "/app/.martlet"],
            readable: [tree.path + "/app/.martlet/tasks/run"],
            writable: [tree.path + "/app"],
            listable: [tree.path + "/app"]
        )
        #expect(try allowed(access, tree.path + "/other/x") == 1)
        #expect(try allowed(access, tree.path + "/app/data/x") == 7)
        #expect(try allowed(access, tree.path + "/app/.martlet/martlet.db") == 4)
        #expect(try allowed(access, tree.path + "/app/.martlet/tasks/run/x") == 5)
        #expect(try allowed(access, "/usr/bin/env") == 1)
        #expect(try allowed(access, "/dev/null") == 3)
        #expect(try allowed(access, "/dev/mem") == 0)
    }

    @Test func aLinkToWhatIsHiddenOpensNothing() throws {
        let tree = try Tree(["real/data", "links"])
        try FileManager.default.createSymbolicLink(
            atPath: tree.path + "/links/data",
            withDestinationPath: tree.path + "/real/data"
        )
        // The hidden directory is named by its link, and still it is the real one that is closed.
        let access = FileAccess(hidden: [tree.path + "/links/data"])
        #expect(try allowed(access, tree.path + "/real/data/x") == 0)
        #expect(try allowed(access, tree.path + "/links") == 1)
    }

    @Test func tooManySiblingsAreRefusedWithTheRemedy() throws {
        let tree = try Tree(["data"])
        let access = FileAccess(hidden: [tree.path + "/data"])
        let before = try access.rules().count
        for number in 0..<500 { mkdir("\(tree.path)/\(number)", 0o700) }
        // Others may come and go in the directories above meanwhile.
        #expect(try access.rules(most: CoreLimits.fileRules).count > before + 400)
        #expect {
            _ = try access.rules(most: 400)
        } throws: { error in
            (error as? MartletError)?.code == .resourceExhausted && "\(error)".contains("400")
        }
        #expect(CoreLimits.kernelFileBytes >= 64 * 1024)
    }

    @Test func aCrowdedDirectoryThatMayBeChangedIsWalkedOnce() throws {
        let tree = try Tree(["data"])
        for number in 0..<200 { mkdir("\(tree.path)/\(number)", 0o700) }
        let access = FileAccess(hidden: [tree.path + "/data"], writable: [tree.path])
        #expect(try access.rules().count { $0.path.hasPrefix(tree.path + "/") } == 200)
        #expect(try allowed(access, tree.path + "/7/x") == 3)
        #expect(try allowed(access, tree.path + "/data/x") == 0)
    }

    @Test func aSharedDirectoryThatIsHiddenIsNotShared() throws {
        let tree = try Tree(["data/tasks"])
        var policy = SandboxPolicy(report: report(fileRules: 7))
        policy.hidden = [tree.path + "/data"]
        let sandbox = try policy.task(
            name: "x",
            directory: tree.path + "/data/tasks",
            readable: [],
            shared: [tree.path + "/data"],
            limits: ResourceLimits(),
            isOffline: false
        )
        #expect(sandbox.files?.writable == [tree.path + "/data/tasks"])
        #expect(sandbox.files?.listable == [])
    }

    private func report(
        fileRules: Int = 0,
        calls: Bool = false,
        groups: ControlGroups? = nil,
        root: Bool = false
    ) -> SandboxReport {
        SandboxReport(
            fileRules: fileRules,
            refusesCalls: calls,
            ownNetworks: false,
            isSuperuser: root,
            dropsCapabilities: root,
            controlGroups: groups,
            seesProcesses: true
        )
    }

    @Test func whatDoesNotHoldIsSaid() throws {
        let bare = report()
        #expect(bare.parts.filter { !$0.holds }.map(\.name) == ["files", "calls", "network", "groups"])
        #expect(SandboxPolicy(report: bare).notices.count == 5)
        var policy = SandboxPolicy(report: report(fileRules: 7, calls: true, root: true))
        policy.hidden = ["/srv/data"]
        #expect(policy.notices.contains { $0.contains("--sandbox-user") })
        policy.user = SandboxUser(name: "nobody", id: 65_534, group: 65_534)
        #expect(!policy.notices.contains { $0.contains("--sandbox-user") })
        let closed = policy.worker(directory: "/d", readable: ["/m"], memoryBytes: 1)
        #expect(closed.refusesCalls && !closed.refusesSockets)
        policy.workersHaveNetwork = false
        #expect(policy.worker(directory: "/d", readable: [], memoryBytes: nil).refusesSockets)
        #expect(throws: MartletError.self) {
            _ = try SandboxPolicy(report: bare).task(
                name: "x",
                directory: "/d",
                readable: [],
                shared: [],
                limits: ResourceLimits(),
                isOffline: true
            )
        }
    }

    @Test func aGroupIsGivenTheLimitsThatItsPlaceAllows() throws {
        let tree = try Tree(["groups"])
        let place = ControlGroups(directory: tree.path + "/groups", limits: [])
        var wanted = ResourceLimits()
        wanted.memoryBytes = 1 << 30
        let group = try place.make(name: "a", wanted)
        #expect(group.limits == [])
        #expect(!group.isPopulated)
        group.remove()
        #expect(!FileManager.default.fileExists(atPath: group.directory))
        // A plain directory has no file `memory.max`: a limit that cannot be set is an error, not a silence.
        let strict = ControlGroups(directory: tree.path + "/groups", limits: [.memory, .processes, .processors])
        #expect(throws: MartletError.self) { _ = try strict.make(name: "b", wanted) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: tree.path + "/groups").isEmpty)
    }
}
