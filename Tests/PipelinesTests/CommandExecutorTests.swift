import Core
import Foundation
import Pipelines
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Processes: what they see, what they cannot do, and that none is left.
struct CommandExecutorTests {
    private static let executor = CommandExecutor(
        trackingURI: "http://127.0.0.1:5000",
        searchPath: "/usr/bin:/bin",
        grace: .milliseconds(100)
    )

    private func run(
        _ action: TaskAction,
        environment: [String: String] = [:],
        in directory: TemporaryDirectory? = nil
    ) async throws -> (outputs: JSONObject, lines: [String]) {
        let directory = try directory ?? TemporaryDirectory()
        let lines = Lines()
        let outputs = try await Self.executor.execute(
            StepExecutorContract.job(action, in: directory, environment: environment),
            log: { line, stream in lines.append("\(stream.rawValue): \(line)") },
            progress: { _, _ in }
        )
        return (outputs, lines.all)
    }

    @Test func wordsAreNeverReadByAShell() async throws {
        let words = ["echo", "$(id)", "; rm -rf x", "`id`", "$HOME", "a  b", "*"]
        #expect(try await run(.command(words)).lines == ["output: $(id) ; rm -rf x `id` $HOME a  b *"])
    }

    @Test func theEnvironmentIsScrubbed() async throws {
        let lines = try await run(.command(["env"]), environment: ["RATE": "0.5"]).lines
        let names = Set(
            lines.compactMap { $0.dropFirst("output: ".count).split(separator: "=").first.map(String.init) }
        )
        #expect(
            names == [
                "PATH", "LANG", "HOME", "TMPDIR", "PYTHONUNBUFFERED", "MLFLOW_TRACKING_URI", "RATE", "MARTLET_RUN_ID",
                "MARTLET_PIPELINE", "MARTLET_TASK", "MARTLET_ATTEMPT", "MARTLET_PARAMETERS",
                "MARTLET_PIPELINE_DIRECTORY", "MARTLET_OUTPUTS", "MARTLET_TASK_MARKER", "PYTHONPATH",
            ]
        )
        // The tests have an environment of which the command sees nothing else.
        #expect(!Set(ProcessInfo.processInfo.environment.keys).isSubset(of: names))
        #expect(lines.contains("output: MLFLOW_TRACKING_URI=http://127.0.0.1:5000"))
        #expect(lines.contains("output: MARTLET_PARAMETERS={\"x\":1}"))
    }

    @Test func itRunsInItsOwnDirectoryAndSession() async throws {
        let directory = try TemporaryDirectory()
        let lines = try await run(.script("pwd -P; ps -o sid= -p $$ | tr -d ' '; echo $$"), in: directory).lines
        #expect(lines.count == 3)
        #expect(lines[0].hasSuffix(directory.path))
        #expect(lines[1] == lines[2])
    }

    @Test func bothStreamsAreCapturedAndALastLineNeedsNoEnd() async throws {
        let lines = try await run(.script("echo one; echo two >&2; printf three")).lines
        #expect(Set(lines) == ["output: one", "error: two", "output: three"])
    }

    @Test func aScriptStopsAtItsFirstFailure() async throws {
        #expect(
            await failure(.failedPrecondition, "status 1") { _ = try await run(.script("false\necho on")) } == nil
        )
    }

    @Test func aScriptMayNameItsInterpreter() async throws {
        let script = "#!/usr/bin/env bash\nset -euo pipefail\nvalues=(a b c)\necho ${#values[@]}\n"
        #expect(try await run(.script(script)).lines == ["output: 3"])
    }

    @Test func aMissingProgramIsNamed() async throws {
        #expect(
            await failure(.failedPrecondition, "'no-such-program'", "install") {
                _ = try await run(.command(["no-such-program"]))
            } == nil
        )
    }

    @Test func aSignalIsNamed() async throws {
        #expect(await failure(.failedPrecondition, "signal 9") { _ = try await run(.script("kill -9 $$")) } == nil)
    }

    @Test func outputsMustBeABoundedObject() async throws {
        #expect(
            await failure(.failedPrecondition, "'t'", "no JSON object") {
                _ = try await run(.script("echo '[1]' > $MARTLET_OUTPUTS"))
            } == nil
        )
        let pad = PipelinesLimits.outputBytes - "{\"a\":\"\"}".utf8.count
        let fill = "head -c \(pad) /dev/zero | tr '\\0' x"
        let fits = "{ printf '{\"a\":\"'; \(fill); printf '\"}'; } > $MARTLET_OUTPUTS"
        #expect(try await run(.script(fits)).outputs["a"]?.stringValue?.utf8.count == pad)
        #expect(
            await failure(.failedPrecondition, "larger than") {
                _ = try await run(.script(fits + "; echo >> $MARTLET_OUTPUTS"))
            } == nil
        )
    }

    private func isAlive(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0 else { return false }
        // A zombie still answers; it has no memory any more.
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return !status.isEmpty && !status.contains(") Z ")
    }

    /// Starts children in three ways (in the group, in a session of their own, forked twice), all ignoring SIGTERM.
    private static let brood = """
        trap '' TERM HUP
        (trap '' TERM HUP; sleep 600) & echo $!
        setsid sh -c 'trap "" TERM HUP; echo $$; exec sleep 600' &
        (trap '' TERM HUP; (setsid sh -c 'echo $$; exec sleep 600') & ) &
        """

    @Test func nothingIsLeftAfterTheEnd() async throws {
        let lines = try await run(.script(Self.brood + "\nsleep 0.3")).lines
        let processes = lines.compactMap { pid_t($0.dropFirst("output: ".count)) }
        #expect(processes.count == 3)
        for process in processes { #expect(!isAlive(process)) }
    }

    @Test func nothingIsLeftAfterCancellation() async throws {
        let directory = try TemporaryDirectory()
        let lines = Lines()
        let (started, signal) = AsyncStream<Void>.makeStream()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = try? await Self.executor.execute(
                    StepExecutorContract.job(.script(Self.brood + "\nsleep 600"), in: directory),
                    log: { line, _ in
                        lines.append(line)
                        signal.yield()
                    },
                    progress: { _, _ in }
                )
            }
            var count = 0
            for await _ in started {
                count += 1
                if count == 3 { break }
            }
            group.cancelAll()
        }
        let processes = lines.all.compactMap { pid_t($0) }
        #expect(processes.count == 3)
        for process in processes { #expect(!isAlive(process)) }
    }

    @Test func aFloodOfOutputIsReadToItsEnd() async throws {
        let directory = try TemporaryDirectory()
        let log = TaskLog(attempt: 1, clock: .system)
        _ = try await Self.executor.execute(
            StepExecutorContract.job(.script("yes martlet | head -c 3000000; echo last"), in: directory),
            log: { log.append($0, stream: $1) },
            progress: { _, _ in }
        )
        let lines = log.finish().lines
        #expect(lines.count == PipelinesLimits.logLines + 2)
        #expect(lines.last?.text == "365001 lines were dropped.")
    }
}
