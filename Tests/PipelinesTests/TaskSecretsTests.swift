import Core
import Foundation
import Logging
import Pipelines
import Synchronization
import Testing

/// Secrets reach the task that asks for them, and nothing else.
struct TaskSecretsTests {
    private static let value = "very-secret-value-1"

    private func run(_ tasks: JSONValue, _ fixture: PipelineFixture) async throws -> PipelineRun {
        try await fixture.apply(["p": ["tasks": tasks]])
        var configuration = PipelineConfiguration(workDirectory: fixture.directory + "/tasks")
        configuration.secrets = { names in
            guard names.allSatisfy({ $0 == "api-key" }) else {
                throw MartletError(.notFound, "There is no secret '\(names.sorted()[0])'.")
            }
            return ["api-key": Self.value]
        }
        let service = PipelineService(
            store: fixture.store,
            steps: [],
            configuration: configuration,
            clock: .system,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return try await serving(service) {
            try await service.waitForRun(try await service.startRun(pipeline: "p", parameters: [:]))
        }
    }

    @Test func aTaskGetsItsSecretAndNoLogShowsIt() async throws {
        let fixture = try await PipelineFixture()
        let script = """
            test "${#KEY}" = \(Self.value.utf8.count)
            echo "the key is $KEY"
            printf 'very-secret' >&2; sleep 0.1; printf -- '-value-1 in two parts\\n' >&2
            printf '%s' "user:$KEY" | base64
            printf '{"key": "%s", "length": %d}' "$KEY" "${#KEY}" > "$MARTLET_OUTPUTS"
            tr '\\0' '\\n' < /proc/self/cmdline | grep -c very-secret && exit 9
            exit 0
            """
        let run = try await run(
            ["with": ["script": .string(script), "secrets": ["KEY": "api-key"]], "without": ["run": ["env"]]],
            fixture
        )
        #expect(run.state == .succeeded)
        let log = try await fixture.log(run, "with")
        #expect(log.contains("the key is ***"))
        #expect(log.contains("*** in two parts"))
        #expect(log.contains { $0.hasPrefix("dXNlcj") && $0.contains("***") })
        #expect(!log.contains { $0.contains("very-secret") || $0.contains("value-1") })
        let without = try await fixture.log(run, "without")
        #expect(!without.contains { $0.contains("KEY") || $0.contains("very-secret") })
        let outputs = run.task("with")?.outputs
        #expect(outputs?["key"]?.stringValue == "***")
        #expect(outputs?["length"]?.integerValue == 19)
    }

    @Test func theLastWordsOfAFailureAreMasked() async throws {
        let fixture = try await PipelineFixture()
        let run = try await run(
            ["t": ["script": "echo \"cannot log in as $API_KEY\" >&2; exit 3", "secrets": ["api-key"]]],
            fixture
        )
        #expect(run.state == .failed)
        let error = run.tasks.first?.error ?? ""
        #expect(error.contains("status 3: cannot log in as ***"))
    }

    @Test func aMissingSecretFailsTheTaskBeforeItStarts() async throws {
        let fixture = try await PipelineFixture()
        let marker = fixture.directory + "/started"
        let run = try await run(["t": ["run": ["touch", .string(marker)], "secrets": ["X": "none"]]], fixture)
        #expect(run.state == .failed)
        #expect(run.tasks.first?.error?.contains("no secret 'none'") == true)
        #expect(!FileManager.default.fileExists(atPath: marker))
    }

    @Test(arguments: [
        (#"{"run": ["a"], "secrets": {"1X": "a"}}"#, "p.tasks.t.secrets.1X"),
        (#"{"run": ["a"], "secrets": {"MARTLET_X": "a"}}"#, "MARTLET_"),
        (#"{"run": ["a"], "secrets": {"X": 1}}"#, "X"), (#"{"run": ["a"], "secrets": {"X": ""}}"#, "name of a secret"),
        (#"{"run": ["a"], "env": {"X": 1}, "secrets": {"X": "a"}}"#, "set twice"),
        (#"{"run": ["a"], "secrets": ["a-b", "a.b"]}"#, "set twice"),
        (#"{"step": "test.echo", "secrets": ["a"]}"#, "'run'"),
        (#"{"run": ["a"], "resources": {"memory": "1KiB"}}"#, "16MiB"),
        (#"{"run": ["a"], "resources": {"memory": "much"}}"#, "2GiB"),
        (#"{"run": ["a"], "resources": {"cpus": 0}}"#, "cpus"),
        (#"{"run": ["a"], "resources": {"cpus": 1025}}"#, "1024"),
        (#"{"run": ["a"], "resources": {"cpu_time": "0s"}}"#, "cpu_time"),
        (#"{"run": ["a"], "resources": {"network": "maybe"}}"#, "on or off"),
        (#"{"run": ["a"], "resources": {"disk": "1KiB"}}"#, "disk"),
        (#"{"step": "test.echo", "resources": {}}"#, "'run'"),
    ])
    func whatIsWrongIsNamed(task: String, words: String) throws {
        let spec = try JSONValue.parse(#"{"p": {"tasks": {"t": \#(task)}}}"#)
        #expect {
            _ = try PipelineSpec.parseSection(spec, steps: TestSteps.all)
        } throws: { error in
            (error as? MartletError)?.code == .invalidArgument && "\(error)".contains(words)
        }
    }

    @Test func resourcesAreRead() throws {
        let text =
            #"{"memory": "2GiB", "cpus": 1.5, "cpu_time": "10m", "open_files": 64, "processes": 8, "network": "off"}"#
        let spec = try JSONValue.parse(#"{"p": {"tasks": {"t": {"run": ["a"], "resources": \#(text)}}}}"#)
        let resources = try #require(try PipelineSpec.parseSection(spec, steps: []).first?.tasks.first?.resources)
        #expect(resources.limits.memoryBytes == 2 << 30)
        #expect(resources.limits.processors == 1.5)
        #expect(resources.limits.processorTime == .seconds(600))
        #expect(resources.limits.openFiles == 64)
        #expect(resources.limits.processes == 8)
        #expect(resources.isOffline)
        #expect(PipelinesLimits.leastMemory == 16 << 20)
        #expect(PipelinesLimits.mostProcessors == 1024)
    }

    @Test func aPassReachesTheCommandAndIsWithdrawn() async throws {
        let directory = try TemporaryDirectory()
        let token = String(repeating: "t", count: PipelinesLimits.leastPassBytes)
        let withdrawn = Mutex(0)
        let executor = CommandExecutor(
            trackingURI: nil,
            searchPath: "/usr/bin:/bin",
            pass: { task in
                TaskPass(environment: ["TOKEN": token, "NAME": "team-\(task)"]) { withdrawn.withLock { $0 += 1 } }
            }
        )
        let lines = Lines()
        for script in ["echo $NAME $TOKEN", "exit 1"] {
            _ = try? await executor.execute(
                StepExecutorContract.job(.script(script), in: directory),
                log: { line, _ in lines.append(line) },
                progress: { _, _ in }
            )
        }
        #expect(lines.all == ["team-t ***"])
        #expect(withdrawn.withLock { $0 } == 2)
    }

    @Test func thirtyTwoSecretsAreEnough() throws {
        func spec(_ count: Int) throws {
            let names = JSONValue.array((0..<count).map { .string("s\($0)") })
            _ = try PipelineSpec.parseSection(["p": ["tasks": ["t": ["run": ["a"], "secrets": names]]]], steps: [])
        }
        try spec(PipelinesLimits.secrets)
        #expect(throws: MartletError.self) { try spec(PipelinesLimits.secrets + 1) }
    }
}
