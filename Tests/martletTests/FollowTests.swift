import Core
import TestSupport
import Testing
import martlet

/// Following a run's logs to its end.
struct FollowTests {
    static let api = "/api/martlet/v1"
    static let runPath = "GET \(api)/pipeline-runs/r1"

    static func run(_ state: String, _ tasks: [String]) -> CannedServer.Answer {
        .init(
            body: [
                "id": "r1", "pipeline": "p", "state": .string(state), "parameters": [:], "trigger": "manual",
                "tasks": .array(tasks.map { ["task": .string($0), "state": .string(state), "attempt": 1] }),
            ]
        )
    }

    static func lines(_ task: String, after: Int, _ lines: [(Int, String)]) -> (String, [CannedServer.Answer]) {
        let items = lines.map { position, text -> JSONValue in
            ["position": .int(position), "stream": "output", "line": .string(text)]
        }
        return ("\(runPath)/logs?task=\(task)&after=\(after)", [.init(body: ["items": .array(items)])])
    }

    /// Runs a command and moves the clock whenever it sleeps.
    static func follow(_ server: CannedServer, _ arguments: String...) async -> Int32 {
        await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                switch arguments.count {
                case 3: await server.run(arguments[0], arguments[1], arguments[2])
                default: await server.run(arguments[0], arguments[1], arguments[2], arguments[3])
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    if server.clock.sleeperCount > 0 { server.clock.advance(by: CommandLimits.followInterval) }
                    try? await Task.sleep(for: .milliseconds(1))
                }
                return nil
            }
            let status = await group.next() ?? nil
            group.cancelAll()
            return status ?? -1
        }
    }

    @Test func everyLineOnceUntilTheEnd() async throws {
        var answers = Dictionary(uniqueKeysWithValues: [
            Self.lines("a", after: 0, [(1, "one"), (2, "two")]), Self.lines("a", after: 2, []),
            Self.lines("longer", after: 0, [(1, "three\u{1B}[2J")]), Self.lines("longer", after: 1, []),
        ])
        answers["POST \(Self.api)/pipelines/p/runs"] = [.init(status: 201, body: ["id": "r1"])]
        answers[Self.runPath] = [
            Self.run("queued", []), Self.run("running", ["a"]), Self.run("running", ["a", "longer"]),
            Self.run("succeeded", ["a", "longer"]),
        ]
        let server = CannedServer(answers)
        #expect(await Self.follow(server, "pipeline", "run", "p", "--follow") == 0)
        try expectGolden(server.output, "follow.txt")
        #expect(server.errors == "Run r1\n")
    }

    @Test func aRunThatFailsGivesItsStatus() async {
        let (key, lines) = Self.lines("a", after: 0, [])
        let server = CannedServer([key: lines, Self.runPath: [Self.run("failed", ["a"])]])
        #expect(await Self.follow(server, "pipeline", "logs", "r1", "--follow") == 1)
    }

    @Test func aServerThatRestartsIsWaitedFor() async {
        let (key, lines) = Self.lines("a", after: 0, [])
        let down = CannedServer.Answer(status: 503, body: ["error": ["message": "starting"]])
        let patient = Array(repeating: down, count: CommandLimits.followFailures - 1)
        let server = CannedServer([key: lines, Self.runPath: patient + [Self.run("succeeded", ["a"])]])
        #expect(await Self.follow(server, "pipeline", "logs", "r1", "--follow") == 0)
        let gone = CannedServer([key: lines, Self.runPath: [down]])
        #expect(await Self.follow(gone, "pipeline", "logs", "r1", "--follow") == 1)
        #expect(gone.requests.count == CommandLimits.followFailures)
        #expect(gone.errors.contains("starting"))
    }

    @Test func logsOfOneTask() async {
        let (key, lines) = Self.lines("a", after: 0, [(4, "x")])
        let (next, none) = Self.lines("a", after: 4, [])
        let server = CannedServer([key: lines, next: none, Self.runPath: [Self.run("succeeded", ["a", "b"])]])
        #expect(await server.run("pipeline", "logs", "r1", "--task", "a") == 0)
        #expect(server.output == "x\n")
        #expect(await server.run("pipeline", "logs", "r1", "--task", "c") == 1)
        #expect(server.errors.contains("a, b"))
    }
}
