import Core
import NIOCore
import NIOPosix

/// Loads a server from one event loop: light, so that a machine's other core is the server's.
final class LoadRun {
    private final class Slot {
        var channel: (any Channel)?
        var handler: NIOLoopBound<any WireHandler>?
        var isConnecting = false
        /// The request under way: when it was due, and its number.
        var due: UInt64?
        var sent: UInt64 = 0
        var number = 0
    }

    private let target: WireTarget
    private let requests: [WireRequest]
    private let plan: LoadPlan
    private let loop: any EventLoop
    private let promise: EventLoopPromise<LoadResult>
    private var slots: [Slot] = []
    private var result = LoadResult()
    private var next = 0
    private let begin: UInt64
    private let counted: UInt64
    private let end: UInt64
    private var isOver = false
    private var ticking: RepeatedTask?
    /// Requests of an open loop that have become due so far.
    private var dueCount: UInt64 = 0
    private var waiting: [UInt64] = []
    private var head = 0

    private init(_ target: WireTarget, _ requests: [WireRequest], _ plan: LoadPlan, on loop: any EventLoop) {
        self.target = target
        self.requests = requests
        self.plan = plan
        self.loop = loop
        promise = loop.makePromise()
        begin = Clock.monotonicNanoseconds
        counted = begin + UInt64(plan.warmup * 1e9)
        end = counted + UInt64(plan.duration * 1e9)
    }

    /// Runs a benchmark to its end.
    ///
    /// - Parameters:
    ///   - target: the server.
    ///   - requests: are sent in turn.
    ///   - plan: how many, how fast, how long.
    ///   - onCounting: hears when the warm-up is over.
    /// - Returns: what was measured after the warm-up.
    /// - Throws: `CancellationError`.
    static func run(
        _ target: WireTarget,
        _ requests: [WireRequest],
        _ plan: LoadPlan,
        onCounting: @escaping @Sendable () -> Void
    ) async throws -> LoadResult {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let future = loop.flatSubmit {
            let run = LoadRun(target, requests, plan, on: loop)
            run.start(onCounting)
            return run.promise.futureResult
        }
        return try await future.get()
    }

    private func start(_ onCounting: @escaping @Sendable () -> Void) {
        slots = (0..<plan.connections).map { _ in Slot() }
        for slot in slots { connect(slot) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        ticking = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { _ in bound.value.tick() }
        _ = loop.scheduleTask(in: .nanoseconds(Int64(counted - begin))) { onCounting() }
    }

    private func connect(_ slot: Slot) {
        guard !isOver, !slot.isConnecting else { return }
        slot.isConnecting = true
        let bound = NIOLoopBound((self, slot), eventLoop: loop)
        target.connect(on: loop).whenComplete { outcome in
            let (run, slot) = bound.value
            slot.isConnecting = false
            switch outcome {
            case .success(let (channel, handler)):
                guard !run.isOver else { return channel.close(promise: nil) }
                slot.channel = channel
                slot.handler = handler
                run.feed(slot)
            case .failure:
                run.failed("connect", at: Clock.monotonicNanoseconds)
                // A server that is away must not make this a busy loop.
                run.loop.scheduleTask(in: .milliseconds(100)) { bound.value.0.connect(bound.value.1) }
            }
        }
    }

    /// Gives a free connection its next request.
    private func feed(_ slot: Slot) {
        guard !isOver, slot.due == nil, let handler = slot.handler, slot.channel?.isActive == true else { return }
        let now = Clock.monotonicNanoseconds
        guard now < end else { return }
        if plan.rate == nil {
            slot.due = now
        } else {
            guard head < waiting.count else { return }
            slot.due = waiting[head]
            head += 1
            if head > 4096 {
                waiting.removeFirst(head)
                head = 0
            }
        }
        slot.sent = now
        slot.number += 1
        let number = slot.number
        let request = requests[next % requests.count]
        next += 1
        handler.value.send(request) { [unowned self] outcome in
            guard slot.number == number else { return }
            self.received(slot, outcome)
        }
    }

    private func received(_ slot: Slot, _ outcome: Result<WireAnswer, WireFailure>) {
        guard let due = slot.due else { return }
        slot.due = nil
        let now = Clock.monotonicNanoseconds
        switch outcome {
        case .success(let answer):
            if let failure = answer.failure {
                failed(failure, at: now)
            } else if now >= counted, now <= end {
                result.answered(after: now > due ? now - due : 0)
            }
            feed(slot)
        case .failure(let failure):
            failed(failure.rawValue, at: now)
            reconnect(slot)
        }
    }

    private func failed(_ kind: String, at now: UInt64) {
        guard now >= counted, now <= end, !isOver else { return }
        result.failures[kind, default: 0] += 1
    }

    private func reconnect(_ slot: Slot) {
        slot.channel?.close(promise: nil)
        slot.channel = nil
        slot.handler = nil
        let bound = NIOLoopBound((self, slot), eventLoop: loop)
        loop.execute { bound.value.0.connect(bound.value.1) }
    }

    private func tick() {
        let now = Clock.monotonicNanoseconds
        if let rate = plan.rate {
            let target = UInt64(max(0, Double(min(now, end)) - Double(begin)) * 1e-9 * rate)
            while dueCount < target {
                waiting.append(begin + UInt64(Double(dueCount) / rate * 1e9))
                dueCount += 1
            }
            for slot in slots where slot.due == nil && head < waiting.count { feed(slot) }
        }
        let patience = UInt64(max(0, plan.timeout.wholeMilliseconds)) * 1_000_000
        for slot in slots where slot.due != nil && now > slot.sent && now - slot.sent > patience {
            slot.due = nil
            slot.number += 1
            failed(WireFailure.timeout.rawValue, at: now)
            reconnect(slot)
        }
        if now >= end { finish() }
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        ticking?.cancel()
        result.seconds = plan.duration
        result.unsent = UInt64(waiting[head...].count { $0 >= counted })
        let closing = slots.compactMap { $0.channel?.closeFuture }
        for slot in slots { slot.channel?.close(promise: nil) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        EventLoopFuture.andAllComplete(closing, on: loop).whenComplete { _ in
            bound.value.promise.succeed(bound.value.result)
        }
    }
}
