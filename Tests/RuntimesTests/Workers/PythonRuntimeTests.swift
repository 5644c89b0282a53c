import Core
import Foundation
import Logging
import Runtimes
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Real processes that run the real worker script with a model that misbehaves on demand.
@Suite(.serialized)
struct PythonRuntimeTests {
    private func withRuntime(
        workers: Int = 1,
        loading: String = "pass",
        change: (inout PythonSettings) -> Void = { _ in },
        _ body: (PythonRuntime) async throws -> Void
    ) async throws {
        let fake = try FakeInterpreter(loading: loading)
        defer { fake.remove() }
        var settings = PythonSettings()
        settings.interpreter = fake.path
        settings.workers = workers
        settings.timeout = .seconds(20)
        change(&settings)
        let runtime = try await PythonRuntime.start(
            directory: fake.directory,
            signature: nil,
            settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await body(runtime)
        } catch {
            await runtime.close()
            throw error
        }
        await runtime.close()
    }

    private func call(_ what: String, _ value: JSONValue = nil, seconds: Double? = nil) -> ModelCall {
        let deadline = seconds.map { Clock.monotonicNanoseconds + UInt64($0 * 1e9) }
        return ModelCall(.json([.string(what), value]), deadline: deadline)
    }

    private func json(_ runtime: PythonRuntime, _ what: String, _ value: JSONValue = nil) async throws -> JSONValue {
        guard case .json(let answer) = try await runtime.infer(call(what, value)).content else {
            throw MartletError(.internal, "The answer is no JSON.")
        }
        return answer
    }

    private func error(_ runtime: PythonRuntime, _ call: ModelCall) async -> MartletError? {
        do {
            _ = try await runtime.infer(call)
            return nil
        } catch {
            return MartletError.wrapping(error)
        }
    }

    /// Waits for a worker in a phase; nil after five seconds.
    private func status(_ runtime: PythonRuntime, _ phase: String) async throws -> WorkerStatus? {
        for _ in 0..<500 {
            if let found = runtime.workers.first(where: { $0.phase == phase }) { return found }
            try await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }

    @Test("Values go there and back; the worker says how long the model took")
    func roundTrip() async throws {
        try await withRuntime { runtime in
            let value: JSONValue = ["text": "ä", "numbers": [1, 2.5, nil], "deep": [[true]]]
            #expect(try await json(runtime, "echo", value) == value)
            let tensors = [
                NamedTensor("a", try Tensor(shape: [2], elements: [Int64(1), 2])),
                NamedTensor("b", try Tensor(shape: [1, 2], strings: ["x", "yz"])),
            ]
            let answer = try await runtime.infer(ModelCall(.tensors(tensors, .named)))
            #expect(answer == ModelResult(.tensors(tensors, .named)))
            #expect(try await runtime.measured(call("echo")).modelNanoseconds == 5)
            #expect(runtime.name == "python" && runtime.placement == .process && runtime.memoryBytes > 0)
        }
    }

    @Test("A value of many megabytes goes through, in both directions")
    func large() async throws {
        try await withRuntime { runtime in
            let numbers = (0..<2_000_000).map(Double.init)
            let tensor = NamedTensor("x", try Tensor(shape: [numbers.count], elements: numbers))
            let answer = try await runtime.infer(ModelCall(.tensors([tensor], .single)))
            #expect(answer == ModelResult(.tensors([tensor], .single)))
        }
    }

    @Test("The process has a session, a directory and an environment of its own, and nothing of the server's")
    func isolation() async throws {
        let limit = 3_000_000_000
        try await withRuntime(change: {
            $0.memoryBytes = limit
            $0.variables = ["MODEL_KEY": "k"]
        }) { runtime in
            let environment = try #require(try await json(runtime, "environment").objectValue)
            #expect(environment["OMP_NUM_THREADS"] == "1" && environment["MODEL_KEY"] == "k")
            let own = ProcessInfo.processInfo.environment
            let shared = Set([
                "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "HOME", "LANG", "TMPDIR", "LC_CTYPE", "PWD",
                "OLDPWD", "SHLVL", "_",
            ])
            for key in environment.keys where own[key] != nil { #expect(shared.contains(key), "\(key)") }
            let facts = try await json(runtime, "facts")
            let process = try #require(facts["process"]?.integerValue)
            #expect(facts["group"]?.integerValue == process && facts["session"]?.integerValue == process)
            #expect(process != Int64(getpid()))
            #expect(facts["memory"]?.integerValue == Int64(limit) && facts["core"]?.integerValue == 0)
            let directory = try #require(facts["directory"]?.stringValue)
            #expect(environment["HOME"]?.stringValue == directory)
            #if os(Linux)
            #expect(facts["privileges"] == true)
            // The last one is that of the directory that lists them.
            #expect(facts["descriptors"]?.arrayValue?.prefix(4) == [0, 1, 2, 3])
            #expect(facts["descriptors"]?.arrayValue?.count == 5)
            #endif
        }
    }

    @Test("An exception is told without paths; whose fault it is decides the code")
    func exceptions() async throws {
        try await withRuntime { runtime in
            let request = await error(runtime, call("fault", "ValueError"))
            #expect(request?.code == .invalidArgument)
            #expect(request?.message == "The model refused the input: ValueError: see 'secret.pkl'")
            #expect(await error(runtime, call("fault", "RuntimeError"))?.code == .internal)
            #expect(runtime.workers.first?.starts == 1)
            let memory = await error(runtime, call("fault", "MemoryError"))
            #expect(memory?.code == .unavailable)
            let next = try await json(runtime, "echo", 1)
            #expect(next == 1, "another process has taken over")
            #expect(runtime.workers.first?.starts == 2)
        }
    }

    @Test("A killed process fails its own call only, and is replaced")
    func killed() async throws {
        try await withRuntime(workers: 2) { runtime in
            async let survivor = json(runtime, "sleep", 0.5)
            let lost = await error(runtime, call("signal", .integer(Int64(SIGKILL))))
            #expect(lost?.code == .unavailable && lost?.message.contains("signal 9") == true)
            let other = try await survivor
            #expect(other == 0.5)
            let next = try await json(runtime, "echo", 2)
            #expect(next == 2)
            #expect(runtime.workers.map(\.starts).reduce(0, +) == 3)
        }
    }

    @Test("A stopped process: the call ends at its deadline, the process is replaced within five seconds")
    func stopped() async throws {
        try await withRuntime { runtime in
            #expect(try await json(runtime, "echo", 1) == 1)
            let process = try #require(runtime.workers.first?.process)
            #expect(kill(pid_t(process), SIGSTOP) == 0)
            let begun = Clock.monotonicNanoseconds
            #expect(await error(runtime, call("echo", 1, seconds: 0.3))?.code == .deadlineExceeded)
            let waited = Clock.monotonicNanoseconds - begun
            #expect(waited >= 290_000_000 && waited < 1_500_000_000)
            #expect(try await json(runtime, "echo", 2) == 2)
            #expect(Clock.monotonicNanoseconds - begun < 5_000_000_000)
            #expect(runtime.workers.first?.process != process)
        }
    }

    @Test("A slow call ends at its deadline; the process may finish it and goes on")
    func slow() async throws {
        try await withRuntime { runtime in
            let process = runtime.workers.first?.process
            #expect(await error(runtime, call("sleep", 0.6, seconds: 0.1))?.code == .deadlineExceeded)
            let suspect = try await status(runtime, "suspect")
            #expect(suspect != nil)
            let next = try await json(runtime, "echo", 3)
            #expect(next == 3)
            #expect(runtime.workers.first?.process == process)
        }
    }

    @Test("A caller that goes away is free at once; the process goes on")
    func cancelled() async throws {
        try await withRuntime { runtime in
            let task = Task { try await runtime.infer(call("sleep", 0.5)) }
            _ = try await status(runtime, "busy")
            let waiting = Task { try await runtime.infer(call("echo", 1)) }
            let begun = Clock.monotonicNanoseconds
            task.cancel()
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(Clock.monotonicNanoseconds - begun < 400_000_000)
            #expect(try await json(runtime, "echo", 3) == 3)
            #expect(runtime.workers.first?.starts == 1)
        }
    }

    @Test("Bytes that are no message end the process, not the server")
    func garbage() async throws {
        try await withRuntime { runtime in
            #expect(await error(runtime, call("garbage"))?.code == .unavailable)
            let next = try await json(runtime, "echo", 3)
            #expect(next == 3)
        }
    }

    @Test("Five crashes open the breaker: calls are refused at once with the reason")
    func breaker() async throws {
        try await withRuntime { runtime in
            for _ in 0..<WorkerLimits.crashes {
                #expect(await error(runtime, call("leave", 1))?.code == .unavailable)
            }
            _ = try await status(runtime, "broken")
            let begun = Clock.monotonicNanoseconds
            let refused = await error(runtime, call("echo"))
            #expect(refused?.code == .unavailable && refused?.message.contains("crashed 5 times") == true)
            #expect(Clock.monotonicNanoseconds - begun < 50_000_000)
        }
    }

    @Test("Calls wait for a free process up to the limit; one more is refused")
    func waiting() async throws {
        try await withRuntime { runtime in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await runtime.infer(call("sleep", 1)) }
                _ = try await status(runtime, "busy")
                for number in 0..<WorkerLimits.waitingCalls {
                    group.addTask { _ = try await runtime.infer(call("echo", .int(number))) }
                }
                try await Task.sleep(for: .milliseconds(300))
                #expect(await error(runtime, call("echo"))?.code == .resourceExhausted)
                try await group.waitForAll()
            }
            #expect(runtime.workers.first?.calls == WorkerLimits.waitingCalls + 1)
        }
    }

    @Test("Two processes work at the same time")
    func parallel() async throws {
        try await withRuntime(workers: 2) { runtime in
            while runtime.workers.contains(where: { $0.phase != "ready" }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            let begun = Clock.monotonicNanoseconds
            async let one = json(runtime, "sleep", 0.4)
            async let two = json(runtime, "sleep", 0.4)
            _ = try await (one, two)
            #expect(Clock.monotonicNanoseconds - begun < 750_000_000)
            #expect(runtime.workers.map(\.calls) == [1, 1])
        }
    }

    @Test("Closing lets calls finish, leaves no process, no zombie, no descriptor and no directory")
    func close() async throws {
        let fake = try FakeInterpreter()
        defer { fake.remove() }
        var settings = PythonSettings()
        settings.interpreter = fake.path
        settings.workers = 2
        var sockets: Set<String> = []
        for _ in 0..<3 {
            let runtime = try await PythonRuntime.start(
                directory: fake.directory,
                signature: nil,
                settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let directory = try #require(try await json(runtime, "facts")["directory"]?.stringValue)
            let child = try #require(try await json(runtime, "child").integerValue)
            async let last = json(runtime, "sleep", 0.3)
            _ = try await status(runtime, "busy")
            let processes = runtime.workers.compactMap(\.process)
            let channels = runtime.workers.compactMap(\.channel).compactMap(Self.socket)
            #expect(channels.count == 2)
            sockets.formUnion(channels)
            await runtime.close()
            #expect(try await last == 0.3)
            #expect(await error(runtime, call("echo"))?.code == .unavailable)
            #expect(runtime.workers.allSatisfy { $0.phase == "ended" && $0.process == nil })
            // A zombie could still be signalled.
            for process in processes { #expect(kill(pid_t(process), 0) != 0 && errno == ESRCH) }
            #expect(try await isGone(pid_t(child)), "what a worker started ends with it")
            await runtime.close()
            #expect(FileManager.default.fileExists(atPath: directory))
        }
        #expect(sockets.count == 6)
        #expect(openSockets().isDisjoint(with: sockets))
        let left = try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())
        #expect(!left.contains { $0.hasPrefix("martlet-workers-\(getpid())-") })
    }

    /// Whether a process that is no child of this one ends within two seconds; nobody may have buried it yet.
    private func isGone(_ process: pid_t) async throws -> Bool {
        for _ in 0..<200 {
            let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
            if status.isEmpty || status.contains(") Z ") { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// The sockets of this process; tests beside this one have some too, so that only known ones tell anything.
    private func openSockets() -> Set<String> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return Set(names.compactMap { Int32($0) }.compactMap(Self.socket))
    }

    /// The socket behind a descriptor, by the number that no other one has.
    private static func socket(_ descriptor: Int32) -> String? {
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        return target.flatMap { $0.hasPrefix("socket:") ? $0 : nil }
    }

    @Test("A runtime that nobody closed leaves no process behind")
    func abandoned() async throws {
        let fake = try FakeInterpreter()
        defer { fake.remove() }
        var settings = PythonSettings()
        settings.interpreter = fake.path
        var process: pid_t = 0
        do {
            let runtime = try await PythonRuntime.start(
                directory: fake.directory,
                signature: nil,
                settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            process = pid_t(try #require(runtime.workers.first?.process))
        }
        #expect(process > 0)
        #expect(try await isGone(process))
    }

    @Test(
        "A model that does not load says why: exception, missing package, last words, silence, time",
        arguments: [
            (
                "raise ValueError('bad file /srv/x/y.pkl')", MartletError.Code.failedPrecondition,
                "ValueError: bad file y.pkl"
            ),
            ("import mlflow_that_is_not_there", .failedPrecondition, "package 'mlflow_that_is_not_there'"),
            ("raise MemoryError()", .resourceExhausted, "memory limit"),
            (
                "print('the end is near'); sys.stdout.flush(); os._exit(3)", .failedPrecondition,
                "status 3 before it was ready. Its last words: the end is near"
            ),
            (
                "os.kill(os.getpid(), signal.SIGKILL)", .failedPrecondition,
                "by signal 9 before it was ready. It said nothing."
            ),
            ("time.sleep(60)", .deadlineExceeded, "did not load the model within 1 s"),
        ]
    )
    func startFailures(loading: String, code: MartletError.Code, words: String) async throws {
        do {
            try await withRuntime(loading: loading, change: { $0.startTimeout = .seconds(1) }) { _ in }
            #expect(Bool(false), "it started")
        } catch let error as MartletError {
            #expect(error.code == code)
            #expect(error.message.contains(words), "\(error.message)")
            #expect(!error.message.contains("/srv"))
        }
    }

    @Test("An interpreter that is not there is named with the remedy, and without its path")
    func noInterpreter() async throws {
        for name in ["/opt/none/python9.9", "python9.9", "./none/python9.9"] {
            do {
                try await withRuntime(change: { $0.interpreter = name }) { _ in }
                #expect(Bool(false), "it started")
            } catch let error as MartletError {
                #expect(error.code == .failedPrecondition)
                #expect(error.message.contains("python9.9' was not found; install it"))
                #expect(!error.message.contains("/opt"))
            }
        }
    }
}
