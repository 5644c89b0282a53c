import Core
package import Runtimes
import Synchronization

/// One call as it was run: the answer and where the time went.
package struct Execution: Sendable {
    /// What the model answered.
    package let result: ModelResult.Content
    /// How long the call waited before the model began, in nanoseconds.
    package let queueNanoseconds: UInt64
    /// How long the model worked, in nanoseconds.
    package let computeNanoseconds: UInt64
    /// Rows that the model worked on at once, those of other calls included.
    package let batchRows: Int
    /// Whether this call stands for its batch in statistics: true of one call in each batch.
    package let leads: Bool

    /// Makes a record of a call.
    package init(
        result: ModelResult.Content,
        queueNanoseconds: UInt64,
        computeNanoseconds: UInt64,
        batchRows: Int,
        leads: Bool = true
    ) {
        self.result = result
        self.queueNanoseconds = queueNanoseconds
        self.computeNanoseconds = computeNanoseconds
        self.batchRows = batchRows
        self.leads = leads
    }
}

/// Runs the calls of one loaded model: at once while there is room, together when many come, or not at all.
///
/// The decisions are the `Batcher`'s; this carries them out. When nobody holds it any more, the model is closed.
package final class ModelExecutor: Sendable {
    let loaded: LoadedModel
    let settings: ExecutorSettings
    let state: Mutex<ExecutorState>
    /// Whether small calls run on the caller's thread without taking a slot.
    private let isDirect: Bool
    private let timeout: UInt64
    private let lastUse: Atomic<UInt64>
    private let ids = Atomic<Int>(0)

    /// An executor for a model.
    package init(
        _ loaded: LoadedModel,
        settings: ExecutorSettings = ExecutorSettings(),
        workers: Int = 1,
        processors: Int = ProcessorCount.available
    ) {
        self.loaded = loaded
        self.settings = settings
        isDirect = loaded.rows?.placement == .own && settings.concurrency == nil
        timeout = settings.timeout.wholeNanoseconds
        let batching = settings.batching(loaded.runtime.placement, workers: workers, processors: processors)
        state = Mutex(ExecutorState(Batcher(batching)))
        lastUse = Atomic(Clock.monotonicNanoseconds)
    }

    deinit {
        guard loaded.runtime.placement == .process else { return }
        let runtime = loaded.runtime
        let closing = Task { await runtime.close() }
        _ = closing
    }

    /// When the model was asked last, in `Clock.monotonicNanoseconds`.
    package var lastUsed: UInt64 { lastUse.load(ordering: .relaxed) }

    /// Calls that wait and calls that run.
    package var load: (waiting: Int, running: Int) {
        state.withLock { ($0.batcher.queue.count, $0.batcher.runningCalls) }
    }

    /// What the calls are scheduled by.
    package var batching: BatchSettings { state.withLock { $0.batcher.settings } }

    /// Throws at once what a further call would be told: a look before a request's body is read.
    ///
    /// - Throws: `ExecutorRefusal` when the queue is full.
    package func checkRoom() throws(ExecutorRefusal) {
        guard !isDirect else { return }
        if state.withLock({ $0.batcher.isFull }) { throw refusal(.queueFull) }
    }

    /// Runs one call of `rows` rows.
    ///
    /// - Throws: `ExecutorRefusal` for a call that never ran; else what the runtime throws.
    package func run(_ call: ModelCall, rows: Int) async throws -> Execution {
        let now = Clock.monotonicNanoseconds
        lastUse.store(now, ordering: .relaxed)
        if isDirect, case .rows(let values, let count) = call.input, let outputs = try runNow(values, count: count) {
            return Execution(
                result: .rows(outputs, count: count),
                queueNanoseconds: 0,
                computeNanoseconds: Clock.monotonicNanoseconds &- now,
                batchRows: rows
            )
        }
        var call = call
        let deadline = call.deadline ?? now &+ timeout
        call.deadline = deadline
        guard deadline > now else { throw refusal(.deadline) }
        if state.withLock({ $0.batcher.begin(now: now) }) { return try await runAlone(call, rows: rows, arrived: now) }
        switch try await wait(call, rows: rows, arrived: now) {
        case .go: return try await runAlone(call, rows: rows, arrived: now)
        case .done(let execution): return execution
        }
    }

    /// Runs a small call on the caller's thread; nil when the model must not be called there or has no room now.
    ///
    /// - Throws: what the runtime throws.
    package func runNow(_ rows: [Float], count: Int) throws -> [Float]? {
        guard let runtime = loaded.rows, runtime.placement == .own, count <= ServingLimits.inlineRows else {
            return nil
        }
        let now = Clock.monotonicNanoseconds
        lastUse.store(now, ordering: .relaxed)
        if isDirect { return try runtime.predict(rows, count: count) }
        guard state.withLock({ $0.batcher.begin(now: now) }) else { return nil }
        let result = Result { try runtime.predict(rows, count: count) }
        finish(calls: 1, rows: count, since: now, failed: (try? result.get()) == nil)
        return try result.get()
    }

    /// Waits for the turn of a call or for its answer.
    private func wait(_ call: ModelCall, rows: Int, arrived now: UInt64) async throws -> ExecutorState.Turn {
        let id = ids.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiter = ExecutorState.Waiter(
                    id: id,
                    call: call,
                    rows: rows,
                    arrived: now,
                    continuation: continuation
                )
                let effects = state.withLock { state -> [ExecutorState.Effect] in
                    // The handler below may have run before there was anything to find.
                    if Task.isCancelled { return [.refuse(continuation, .cancelled)] }
                    return state.add(waiter, now: now)
                }
                carryOut(effects)
            }
        } onCancel: {
            carryOut(state.withLock { $0.cancel(id, now: Clock.monotonicNanoseconds) })
        }
    }

    private func runAlone(_ call: ModelCall, rows: Int, arrived: UInt64) async throws -> Execution {
        let start = Clock.monotonicNanoseconds
        do {
            let content = try await compute(call, rows: rows)
            let end = finish(calls: 1, rows: rows, since: start, failed: false)
            return Execution(
                result: content,
                queueNanoseconds: start &- arrived,
                computeNanoseconds: end &- start,
                batchRows: rows
            )
        } catch {
            finish(calls: 1, rows: rows, since: start, failed: true)
            throw error
        }
    }

    /// Gives a slot back and starts what waited for it; returns the time.
    @discardableResult
    func finish(calls: Int, rows: Int, since start: UInt64, failed: Bool) -> UInt64 {
        let now = Clock.monotonicNanoseconds
        let effects = state.withLock { state in
            state.handle(.finished(calls: calls, rows: rows, nanoseconds: now &- start, failed: failed), now: now)
        }
        carryOut(effects)
        return now
    }

    /// Asks the model, in pieces when a call has more rows than the settings allow at once.
    func compute(_ call: ModelCall, rows: Int) async throws -> ModelResult.Content {
        guard let maximum = settings.maximumRows, rows > maximum else { return try await ask(call) }
        var answers: [ModelResult.Content] = []
        for piece in try CallJoining.pieces(of: call, rows: rows, maximum: maximum) {
            let answer = try await ask(piece.call)
            guard try CallJoining.split(answer, rows: [piece.rows]) != nil else { return try await ask(call) }
            answers.append(answer)
        }
        guard let merged = try CallJoining.merge(answers) else { return try await ask(call) }
        return merged
    }

    private func ask(_ call: ModelCall) async throws -> ModelResult.Content {
        guard case .rows(let values, let count) = call.input, let runtime = loaded.rows else {
            return try await loaded.runtime.infer(call).content
        }
        if runtime.placement == .own, count <= ServingLimits.inlineRows {
            return .rows(try runtime.predict(values, count: count), count: count)
        }
        let outputs = try await BlockingWork.run { try runtime.predict(values, count: count) }
        return .rows(outputs, count: count)
    }

    func refusal(_ reason: ExecutorRefusal.Reason) -> ExecutorRefusal {
        ExecutorRefusal(reason, model: loaded.model, queue: settings.queue)
    }
}
