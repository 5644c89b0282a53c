import Core
import Runtimes
import Serving
import Synchronization
import Testing

@Suite("Executor of a model")
struct ModelExecutorTests {
    private func executor(
        _ runtime: GatedRuntime,
        concurrency: Int? = 1,
        queue: Int = 16,
        rows: Int? = nil
    ) throws -> ModelExecutor {
        var settings = ExecutorSettings()
        settings.concurrency = concurrency
        settings.queue = queue
        settings.maximumRows = rows
        return ModelExecutor(try runtime.loaded(), settings: settings)
    }

    private func call(_ values: [Float], deadline: UInt64? = nil) -> ModelCall {
        ModelCall(.rows(values, count: values.count), deadline: deadline)
    }

    private func start(_ executor: ModelExecutor, _ values: [Float], deadline: UInt64? = nil) -> Task<
        Execution, any Error
    > {
        let call = call(values, deadline: deadline)
        return Task { try await executor.run(call, rows: values.count) }
    }

    @Test("A lone call goes straight to the model")
    func lone() async throws {
        let runtime = GatedRuntime(isOpen: true)
        let executor = try executor(runtime)
        for _ in 0..<3 {
            let execution = try await executor.run(call([1, 2]), rows: 2)
            #expect(execution.result == .rows([2, 4], count: 2))
            #expect(execution.batchRows == 2)
            #expect(execution.leads)
        }
        #expect(executor.load == (0, 0))
    }

    @Test("Calls that come while the model works run together, and each gets its own rows")
    func joined() async throws {
        let runtime = GatedRuntime()
        let executor = try executor(runtime)
        let first = start(executor, [1])
        #expect(await eventually { executor.load == (0, 1) })
        var others: [Task<Execution, any Error>] = []
        for index in 0..<5 {
            others.append(start(executor, [Float(10 * index), Float(10 * index + 1)]))
            #expect(await eventually { executor.load == (index + 1, 1) })
        }
        runtime.open()
        #expect(try await first.value.result == .rows([2], count: 1))
        var leaders = 0
        for (index, task) in others.enumerated() {
            let execution = try await task.value
            #expect(execution.result == .rows([Float(20 * index), Float(20 * index + 2)], count: 2))
            #expect(execution.batchRows == 10)
            leaders += execution.leads ? 1 : 0
        }
        #expect(leaders == 1)
        #expect(runtime.calls.count == 2)
        #expect(runtime.calls.last == [0, 1, 10, 11, 20, 21, 30, 31, 40, 41])
        #expect(await eventually { executor.load == (0, 0) })
    }

    @Test("One bad call does not spoil the others of its batch")
    func poison() async throws {
        let runtime = GatedRuntime()
        let executor = try executor(runtime)
        let first = start(executor, [1])
        #expect(await eventually { executor.load == (0, 1) })
        var others: [Task<Execution, any Error>] = []
        for (index, value) in [Float(2), -1, 3].enumerated() {
            others.append(start(executor, [value]))
            #expect(await eventually { executor.load == (index + 1, 1) })
        }
        runtime.open()
        _ = try await first.value
        #expect(try await others[0].value.result == .rows([4], count: 1))
        #expect(try await others[2].value.result == .rows([6], count: 1))
        await #expect(throws: MartletError.self) { try await others[1].value }
        #expect(runtime.calls == [[1], [2, -1, 3], [2], [-1], [3]])
        #expect(await eventually { executor.load == (0, 0) })
    }

    @Test("A model that answers a joined call with other rows is asked one by one from then on")
    func unjoinable() async throws {
        let runtime = GatedRuntime()
        let executor = try executor(runtime)
        runtime.state.withLock { $0.dropsRows = true }
        for round in 0..<2 {
            let first = start(executor, [1])
            #expect(await eventually { executor.load == (0, 1) })
            let second = start(executor, [2])
            #expect(await eventually { executor.load == (1, 1) })
            let third = start(executor, [3])
            #expect(await eventually { executor.load == (2, 1) })
            runtime.open()
            for task in [first, second, third] { #expect(try await task.value.result == .rows([0], count: 1)) }
            #expect(runtime.calls.filter { $0.count == 2 }.count == 1, "round \(round)")
            runtime.state.withLock { $0.isOpen = false }
        }
    }

    @Test("A full queue refuses at once, also before the body is read; a cancelled call frees its place")
    func full() async throws {
        let runtime = GatedRuntime()
        let executor = try executor(runtime, queue: 1)
        let first = start(executor, [1])
        #expect(await eventually { executor.load == (0, 1) })
        try executor.checkRoom()
        let second = start(executor, [2])
        #expect(await eventually { executor.load == (1, 1) })
        #expect(throws: ExecutorRefusal.self) { try executor.checkRoom() }
        let began = Clock.monotonicNanoseconds
        let refusal = await #expect(throws: ExecutorRefusal.self) { try await executor.run(call([3]), rows: 1) }
        #expect(refusal?.reason == .queueFull)
        #expect(refusal?.error.code == .unavailable)
        #expect(Clock.monotonicNanoseconds - began < 50_000_000)
        second.cancel()
        let gone = await #expect(throws: ExecutorRefusal.self) { try await second.value }
        #expect(gone?.reason == .cancelled)
        #expect(executor.load == (0, 1))
        let third = start(executor, [4])
        #expect(await eventually { executor.load == (1, 1) })
        runtime.open()
        _ = try await first.value
        #expect(try await third.value.result == .rows([8], count: 1))
        #expect(runtime.calls == [[1], [4]])
    }

    @Test("A waiting call leaves at its deadline without running, also while the model is stuck")
    func deadline() async throws {
        let runtime = GatedRuntime()
        let executor = try executor(runtime)
        let first = start(executor, [1])
        #expect(await eventually { executor.load == (0, 1) })
        let second = start(executor, [2], deadline: Clock.monotonicNanoseconds + 20_000_000)
        let late = await #expect(throws: ExecutorRefusal.self) { try await second.value }
        #expect(late?.reason == .deadline)
        #expect(late?.error.code == .deadlineExceeded)
        let past = await #expect(throws: ExecutorRefusal.self) {
            try await executor.run(call([3], deadline: 1), rows: 1)
        }
        #expect(past?.reason == .deadline)
        runtime.open()
        _ = try await first.value
        #expect(runtime.calls == [[1]])
    }

    @Test("A call that runs with others leaves at its deadline, the others stay", .timeLimit(.minutes(5)))
    func deadlineInBatch() async throws {
        // On a busy machine the deadline may come before the batch has formed: then again with more time.
        for seconds in [2, 10, 60] as [UInt64] {
            let runtime = GatedRuntime()
            let executor = try executor(runtime)
            let first = start(executor, [1])
            #expect(await eventually { executor.load == (0, 1) })
            let deadline = Clock.monotonicNanoseconds + seconds * 1_000_000_000
            let second = start(executor, [2], deadline: deadline)
            let third = start(executor, [3])
            let isQueued = await eventually { executor.load == (2, 1) || Clock.monotonicNanoseconds > deadline }
            runtime.letThrough()
            #expect(await eventually { runtime.calls.count == 2 })
            let formed = isQueued && runtime.calls.last == [2, 3]
            let late = await #expect(throws: ExecutorRefusal.self) { try await second.value }
            #expect(late?.reason == .deadline)
            runtime.open()
            _ = try await first.value
            #expect(try await third.value.result == .rows([6], count: 1))
            if formed { return }
        }
        Issue.record("No batch of two calls formed within a minute.")
    }

    @Test("A call with more rows than allowed at once is cut, and its answer is whole")
    func cut() async throws {
        let runtime = GatedRuntime(isOpen: true)
        let executor = try executor(runtime, rows: 2)
        let execution = try await executor.run(call([1, 2, 3, 4, 5]), rows: 5)
        #expect(execution.result == .rows([2, 4, 6, 8, 10], count: 5))
        #expect(runtime.calls == [[1, 2], [3, 4], [5]])
    }

    @Test("Martlet's own models run on the caller's thread, unless their calls are counted and there is no room")
    func direct() async throws {
        let loaded = try TestRegistry.model(1, LinearRuntime(featureCount: 2)).get()
        let free = ModelExecutor(loaded)
        #expect(try free.runNow([0, 0], count: 1) == [0.5])
        let many = ServingLimits.inlineRows + 1
        #expect(try free.runNow([Float](repeating: 0, count: 2 * many), count: many) == nil)
        var settings = ExecutorSettings()
        settings.concurrency = 1
        let counted = ModelExecutor(loaded, settings: settings)
        #expect(try counted.runNow([0, 0], count: 1) == [0.5])
        #expect(counted.load == (0, 0))
        let failing = ModelExecutor(try TestRegistry.model(1, FailingRuntime()).get(), settings: settings)
        #expect(throws: MartletError.self) { try failing.runNow([0, 0], count: 1) }
        #expect(failing.load == (0, 0))
    }

    @Test("A model that nobody holds any more is closed")
    func closes() async throws {
        let runtime = GatedRuntime(isOpen: true)
        do {
            let executor = try executor(runtime)
            _ = try await executor.run(call([1]), rows: 1)
        }
        #expect(await eventually { runtime.state.withLock { $0.isClosed } })
    }

    @Test("A thousand calls at once: each is answered with its own rows, none is lost")
    func many() async throws {
        let runtime = GatedRuntime(isOpen: true)
        let executor = try executor(runtime, concurrency: 2, queue: 1000, rows: 64)
        let right = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<1000 {
                let call = call([Float(index), Float(index) + 0.5])
                group.addTask {
                    let result = try? await executor.run(call, rows: 2).result
                    return result == .rows([Float(2 * index), Float(2 * index) + 1], count: 2)
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 1000)
        #expect(executor.load == (0, 0))
        #expect(runtime.calls.reduce(0) { $0 + $1.count } == 2000)
    }
}
