import Core
import Foundation
import Pipelines
import Testing

/// What a task cannot do.
///
/// Where this machine cannot apply a part of the sandbox, the report must say so instead.
struct CommandSandboxTests {
    private static let report = SandboxReport.here

    /// A server's directory as tasks lie in it: a database and a key beside `tasks`.
    private struct House {
        let root = try? TemporaryDirectory()
        var data: String { (root?.path ?? "/nonexistent") + "/data" }
        var pipeline: String { (root?.path ?? "/nonexistent") + "/pipeline" }
        var attempt: String { data + "/tasks/run/t/1" }

        init() throws {
            for path in [attempt, data + "/tasks/other", data + "/workspaces/b", pipeline + "/sub"] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            for path in ["martlet.db", "secret.key", "workspaces/b/martlet.db", "tasks/other/file"] {
                try "a secret".write(toFile: "\(data)/\(path)", atomically: true, encoding: .utf8)
            }
            try "from before".write(toFile: "\(data)/tasks/run/t/kept", atomically: true, encoding: .utf8)
            try "code".write(toFile: "\(pipeline)/code.py", atomically: true, encoding: .utf8)
        }

        var policy: SandboxPolicy {
            var policy = SandboxPolicy()
            policy.hidden = [data]
            return policy
        }

        func job(_ script: String, _ resources: TaskResources = TaskResources()) -> StepJob {
            StepJob(
                runID: "r",
                pipeline: "p",
                task: "t",
                attempt: 1,
                action: .script(script),
                resources: resources,
                directory: attempt,
                pipelineDirectory: pipeline,
                marker: Identifier.random()
            )
        }
    }

    private func run(_ house: House, _ job: StepJob, policy: SandboxPolicy? = nil) async throws -> [String] {
        let lines = Lines()
        let executor = CommandExecutor(
            trackingURI: nil,
            searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            grace: .milliseconds(100),
            sandbox: policy ?? house.policy
        )
        _ = try await executor.execute(job, log: { line, _ in lines.append(line) }, progress: { _, _ in })
        return lines.all
    }

    /// The lines of a script that says `name=yes` or `name=no` for each of its tries.
    private func tries(_ house: House, _ tries: [String: String], policy: SandboxPolicy? = nil) async throws -> [String:
        Bool]
    {
        let script = tries.sorted { $0.key < $1.key }
            .map { "if (\($0.value)) >/dev/null 2>&1; then echo \($0.key)=yes; else echo \($0.key)=no; fi" }
            .joined(separator: "\n")
        var results: [String: Bool] = [:]
        for line in try await run(house, house.job(script), policy: policy) {
            let parts = line.split(separator: "=")
            if parts.count == 2 { results[String(parts[0])] = parts[1] == "yes" }
        }
        #expect(results.count == tries.count)
        return results
    }

    @Test func aTaskReachesItsOwnFilesAndNotTheServers() async throws {
        let house = try House()
        let results = try await tries(
            house,
            [
                "database": "cat '\(house.data)/martlet.db'", "key": "cat '\(house.data)/secret.key'",
                "workspace": "cat '\(house.data)/workspaces/b/martlet.db'",
                "otherRun": "cat '\(house.data)/tasks/other/file'",
                "overwrite": "echo x > '\(house.data)/martlet.db'", "plant": "echo x > '\(house.data)/new'",
                "around": "cat /proc/self/root'\(house.data)/secret.key'",
                "link": "ln -s '\(house.data)/secret.key' link; cat link",
                "hardLink": "ln '\(house.data)/secret.key' hard && cat hard",
                "own": "echo x > own && cat own", "shared": "cat ../kept", "code": "cat '\(house.pipeline)/code.py'",
                "list": "ls '\(house.pipeline)' | grep code.py", "make": "echo x > '\(house.pipeline)/sub/new'",
                "system": "cat /etc/passwd && ls /usr", "null": "echo x > /dev/null",
                "child": "sh -c 'cat own 2>/dev/null; true'",
            ]
        )
        let open = Set(results.filter { $0.value }.map(\.key))
        let fine: Set = ["own", "shared", "code", "list", "make", "system", "null", "child"]
        if Self.report.fileRules > 0 {
            #expect(open == fine)
        } else {
            #expect(open.isSuperset(of: fine))
            #expect(Self.report.parts.first { $0.name == "files" }?.holds == false)
        }
    }

    @Test func theServersEnvironmentAndMemoryAreClosed() async throws {
        guard Self.report.fileRules > 0, Self.report.refusesCalls else {
            #expect(Self.report.parts.contains { !$0.holds })
            return
        }
        let house = try House()
        let results = try await tries(
            house,
            [
                "environment": "cat /proc/\(getpid())/environ", "memory": "head -c 1 /proc/\(getpid())/mem",
                "place": "ls /proc/\(getpid())/cwd/.", "descriptors": "readlink /proc/\(getpid())/fd/0",
                "maps": "head -c 1 /proc/\(getpid())/maps | grep .", "own": "cat /proc/self/environ",
            ]
        )
        #expect(results.filter { $0.value }.map(\.key) == ["own"])
    }

    @Test func privilegesCannotBeRegained() async throws {
        let house = try House()
        let script = "grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/self/status | tr -d '\\t'"
        let lines = try await run(house, house.job(script))
        #expect(lines.contains("NoNewPrivs:1"))
        #expect(lines.contains("Seccomp:2") == Self.report.refusesCalls)
        if Self.report.isSuperuser, Self.report.dropsCapabilities {
            // Nothing above CAP_NET_BIND_SERVICE: no mounting, tracing, loading of modules, raw disks.
            for line in lines where line.hasPrefix("Cap") {
                let value = try #require(UInt64(line.split(separator: ":")[1], radix: 16))
                #expect(value >> 11 == 0)
            }
        }
        guard Self.report.refusesCalls else { return }
        let results = try await tries(
            house,
            [
                "mount": "mount -t tmpfs none .", "namespace": "unshare -Ur true",
                "trace": "python3 -c 'import ctypes; raise SystemExit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)'",
                "network": "unshare -n true",
            ]
        )
        #expect(!results.values.contains(true))
    }

    private static let connect = """
        python3 - <<'END'
        import socket
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
            try:
                socket.socket(family, socket.SOCK_STREAM).close()
                print(family.name, "open")
            except OSError as error:
                print(family.name, "closed")
        left, right = socket.socketpair()
        left.send(b"x")
        print("pair", right.recv(1).decode())
        END
        """

    @Test func theNetworkIsClosedBySettingOrByTheTask() async throws {
        let house = try House()
        #expect(try await run(house, house.job(Self.connect)).contains("AF_INET open"))
        var closed = house.policy
        closed.tasksHaveNetwork = false
        var offline = TaskResources()
        offline.isOffline = true
        guard Self.report.closesNetworks else {
            #expect(Self.report.parts.first { $0.name == "network" }?.holds == false)
            await #expect(throws: MartletError.self) { _ = try await run(house, house.job("true", offline)) }
            return
        }
        for lines in [
            try await run(house, house.job(Self.connect), policy: closed),
            try await run(house, house.job(Self.connect, offline)),
        ] where Self.report.refusesCalls {
            #expect(lines == ["AF_INET closed", "AF_INET6 closed", "AF_UNIX closed", "pair x"])
        }
    }

    @Test func aMemoryLimitEndsTheTaskAlone() async throws {
        let house = try House()
        var resources = TaskResources()
        resources.limits.memoryBytes = 256 << 20
        let greedy = "exec python3 -c 'x = bytearray(1 << 30); print(len(x))'"
        await #expect(throws: MartletError.self) { _ = try await run(house, house.job(greedy, resources)) }
        let modest = "exec python3 -c 'x = bytearray(1 << 20); print(len(x))'"
        #expect(try await run(house, house.job(modest, resources)) == ["1048576"])
    }

    @Test func limitsOfFilesAndProcessorTimeHold() async throws {
        let house = try House()
        var resources = TaskResources()
        resources.limits.openFiles = 32
        resources.limits.processorTime = .seconds(1)
        #expect(try await run(house, house.job("ulimit -n; ulimit -t; ulimit -c", resources)) == ["32", "1", "0"])
        #expect(
            await failure(.failedPrecondition, "signal") {
                _ = try await run(house, house.job("while :; do :; done", resources))
            } == nil
        )
    }

    @Test func outputsThatAreALinkOrAPipeAreRefused() async throws {
        let house = try House()
        try "{\"a\": 1}".write(toFile: house.data + "/file.json", atomically: true, encoding: .utf8)
        for script in ["ln -s '\(house.data)/file.json' \"$MARTLET_OUTPUTS\"", "mkfifo \"$MARTLET_OUTPUTS\""] {
            #expect(
                await failure(.failedPrecondition, "no plain file") { _ = try await run(house, house.job(script)) }
                    == nil
            )
            try? FileManager.default.removeItem(atPath: house.attempt + "/outputs.json")
        }
    }

    @Test func anotherUserRunsTheTaskWhereTheServerIsRoot() async throws {
        guard Self.report.isSuperuser else { return }
        let house = try House()
        for path in ["", "/tasks", "/tasks/run", "/tasks/run/t"] { chmod(house.data + path, 0o711) }
        var policy = house.policy
        policy.user = SandboxUser(name: "nobody", id: 65_534, group: 65_534)
        let lines = try await run(
            house,
            house.job("id -u; id -g; echo x > own; cat own; grep CapEff /proc/self/status"),
            policy: policy
        )
        #expect(lines.prefix(3) == ["65534", "65534", "x"])
        #expect(lines.last?.hasSuffix("0000000000000000") == true)
    }
}
