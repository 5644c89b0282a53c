import Core
import Foundation
import Pipelines
import Synchronization
import Testing

/// Tasks that mean no good, or know no better: what they do is bounded, and how they ended is said.
struct HostileTaskTests {
    /// One task in a directory of its own, gone with it.
    private struct Attempt {
        let root: TemporaryDirectory
        let job: StepJob

        init(_ script: String, _ change: (inout ResourceLimits) -> Void = { _ in }) throws {
            root = try TemporaryDirectory()
            var resources = TaskResources()
            change(&resources.limits)
            job = StepJob(
                runID: "r",
                pipeline: "p",
                task: "t",
                attempt: 1,
                action: .script(script),
                resources: resources,
                directory: root.path + "/run/t/1",
                pipelineDirectory: root.path,
                marker: Identifier.random()
            )
            try FileManager.default.createDirectory(atPath: job.directory, withIntermediateDirectories: true)
        }

        @discardableResult
        func run(_ log: @escaping @Sendable (String) -> Void = { _ in }) async throws -> JSONObject {
            var policy = SandboxPolicy()
            policy.hidden = [root.path + "/hidden"]
            let executor = CommandExecutor(
                trackingURI: nil,
                searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
                grace: .milliseconds(100),
                sandbox: policy
            )
            return try await executor.execute(job, log: { line, _ in log(line) }, progress: { _, _ in })
        }

        /// Why it failed; nil if it did not.
        func complaint() async throws -> String? {
            do {
                try await run()
                return nil
            } catch let error as MartletError {
                return error.message
            }
        }
    }

    @Test func whatFillsTheDiskIsEndedAndRemoved() async throws {
        let files = "i=0; while [ $i -lt 64 ]; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done; exec sleep 600"
        let attempt = try Attempt(files) { $0.diskBytes = 8 << 20 }
        let complaint = try #require(try await attempt.complaint())
        #expect(complaint.contains("more than its 'disk' of 8192 KiB"), "\(complaint)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: attempt.job.directory).isEmpty)
    }

    @Test func whatFillsTheDiskAndEndsAtOnceIsNotKept() async throws {
        let files = "i=0; while [ $i -lt 12 ]; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done"
        let attempt = try Attempt(files) { $0.diskBytes = 8 << 20 }
        let complaint = try #require(try await attempt.complaint())
        #expect(complaint.contains("'disk'"), "\(complaint)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: attempt.job.directory).isEmpty)
    }

    @Test func aFileThatIsTooLargeIsCutByTheKernel() async throws {
        let attempt = try Attempt("head -c 100000000 /dev/zero > big") { $0.diskBytes = 4 << 20 }
        let complaint = try #require(try await attempt.complaint())
        #expect(complaint.contains("'disk' of 4096 KiB"), "\(complaint)")
    }

    @Test func aForkBombIsEnded() async throws {
        let bomb = "i=0; while [ $i -lt 300 ]; do sleep 600 & i=$((i+1)); done; wait"
        let attempt = try Attempt(bomb) { $0.processes = 40 }
        let complaint = try #require(try await attempt.complaint())
        // Where the kernel holds the number, the shell says that it cannot fork.
        #expect(complaint.contains("40 'processes'") || complaint.contains("fork"), "\(complaint)")
        #expect(attempt.job.meter.reading?.isolation.contains("processes") == true)
    }

    @Test func aDaemonThatLeftItsSessionAndEnvironmentIsEnded() async throws {
        // Without a control group only the mark in its environment tells whose it is.
        let isGrouped = SandboxReport.here.controlGroups != nil
        guard isGrouped || SandboxReport.here.seesProcesses else { return }
        let start = isGrouped ? "env -i setsid sleep 600" : "setsid sleep 600"
        let attempt = try Attempt("(\(start) & echo $! > pid) & wait; while [ ! -s pid ]; do sleep 0.01; done; cat pid")
        let number = Mutex<pid_t?>(nil)
        try await attempt.run { line in number.withLock { $0 = pid_t(line) } }
        let daemon = try #require(number.withLock { $0 })
        #expect(Self.isGone(daemon))
    }

    /// Whether a process has ended, be it not yet taken by its parent.
    private static func isGone(_ process: pid_t) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
        return status.split(separator: ")").last?.hasPrefix(" Z") == true
    }

    @Test func aCommandThatClosesItsStreamsIsFollowedToItsEnd() async throws {
        let complaint = try await Attempt("exec >&- 2>&-; sleep 0.1; exit 3").complaint()
        #expect(complaint == "The command ended with status 3.")
    }

    @Test func bytesThatAreNoTextArriveAsText() async throws {
        let log = TaskLog(attempt: 1, clock: .system)
        try await Attempt(#"printf 'a\000b\n\377\376\n\033[31mred\n'"#).run { log.append($0, stream: .output) }
        let lines = log.finish().lines.map(\.text)
        #expect(lines == ["a\u{FFFD}b", "\u{FFFD}\u{FFFD}", "\u{1B}[31mred"])
    }

    @Test func outputsThatAreTooLargeAreRefused() async throws {
        let complaint = try await Attempt(#"head -c 70000 /dev/zero > "$MARTLET_OUTPUTS""#).complaint()
        #expect(complaint?.contains("larger than 65536 bytes") == true)
    }

    @Test func muchOutputCostsNoMoreThanTheCap() async throws {
        let log = TaskLog(attempt: 1, clock: .system)
        let line = String(repeating: "x", count: 1000)
        try await Attempt("yes \(line) | head -c 20000000").run { log.append($0, stream: .output) }
        let lines = log.finish().lines
        #expect(lines.count <= PipelinesLimits.logLines + 2)
        #expect(lines.reduce(0) { $0 + $1.text.utf8.count } <= PipelinesLimits.logBytes + 1000)
        #expect(lines.last?.text.hasSuffix("lines were dropped.") == true)
    }

    @Test func linesArriveWhileTheTaskRuns() async throws {
        let attempt = try Attempt("echo ready; while [ ! -e go ]; do sleep 0.01; done; echo gone")
        let go = attempt.job.directory + "/go"
        let lines = Mutex<[String]>([])
        try await attempt.run { line in
            lines.withLock { $0.append(line) }
            if line == "ready" { _ = FileManager.default.createFile(atPath: go, contents: nil) }
        }
        #expect(lines.withLock { $0 } == ["ready", "gone"])
    }

    @Test func whatAnAttemptUsedIsMeasuredAlsoWhenItFails() async throws {
        let attempt = try Attempt("head -c 8388608 /dev/zero > f; cat f > g; exit 1")
        #expect(try await attempt.complaint() == "The command ended with status 1.")
        let usage = try #require(attempt.job.meter.reading)
        #expect(usage.metrics.writtenBytes >= 16 << 20)
        #expect(usage.metrics.readBytes >= 16 << 20)
        #expect(usage.metrics.peakMemoryBytes > 100_000)
        #expect(usage.metrics.wallSeconds > 0 && usage.metrics.cpuSeconds >= 0)
        #expect(usage.isolation.contains("watch: disk"))
        #expect(try TaskUsage(json: usage.json) == usage)
    }

    @Test func theLimitsOfEveryTaskAreNamed() {
        #expect(PipelinesLimits.leastDisk == 1 << 20)
        #expect(PipelinesLimits.defaultDisk == 100 << 30 && PipelinesLimits.diskReserve == 1 << 30)
        #expect(PipelinesLimits.taskFiles == 1_000_000)
        #expect(PipelinesLimits.defaultProcesses == 4096)
    }
}
