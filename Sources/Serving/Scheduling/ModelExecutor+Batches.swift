import Core
import Runtimes
import Synchronization

extension ModelExecutor {
    /// Does what was decided under the lock.
    func carryOut(_ effects: [ExecutorState.Effect]) {
        for effect in effects {
            switch effect {
            case .resume(let continuation, let turn): continuation.resume(returning: turn)
            case .fail(let continuation, let error): continuation.resume(throwing: error)
            case .refuse(let continuation, let reason): continuation.resume(throwing: refusal(reason))
            case .start(let batch, let members):
                let task = Task { await self.run(batch: batch, members) }
                state.withLock { $0.adopt(task, batch: batch) }
            case .wake(let time): arm(time)
            case .abandon(let task): task.cancel()
            }
        }
    }

    /// Rings at `time`, unless it rings before.
    private func arm(_ time: UInt64) {
        let stale = state.withLock { state -> Task<Void, Never>? in
            guard time < state.armed else { return nil }
            let stale = state.timer
            state.armed = time
            state.timer = Task { [weak self] in
                let now = Clock.monotonicNanoseconds
                if time > now {
                    do { try await Task.sleep(nanoseconds: time &- now) } catch { return }
                }
                self?.tick()
            }
            return stale
        }
        stale?.cancel()
    }

    private func tick() {
        carryOut(state.withLock { $0.tick(now: Clock.monotonicNanoseconds) })
    }

    /// Runs calls together, and one by one when that fails, so that one bad call does not spoil the others.
    private func run(batch: Int, _ members: [ExecutorState.Waiter]) async {
        let start = Clock.monotonicNanoseconds
        let counts = members.map(\.rows)
        let total = counts.reduce(0, +)
        var retries = false
        do {
            let content = try await compute(CallJoining.join(members.map(\.call), rows: counts), rows: total)
            if let parts = try CallJoining.split(content, rows: counts) {
                let end = finish(calls: members.count, rows: total, since: start, failed: false)
                deliver(parts, to: members, batch: batch, rows: total, start: start, end: end)
            } else {
                state.withLock { $0.joins = false }
                retries = true
            }
        } catch {
            retries = Self.mayBeOneCallsFault(error)
            if !retries {
                finish(calls: members.count, rows: total, since: start, failed: true)
                for member in members { fail(member, error, batch: batch) }
            }
        }
        if retries {
            await runSingly(members, batch: batch)
            finish(calls: members.count, rows: total, since: start, failed: true)
        }
        state.withLock { $0.end(batch: batch) }
    }

    /// Whether the others may succeed when each is run alone.
    private static func mayBeOneCallsFault(_ error: any Error) -> Bool {
        switch MartletError.wrapping(error).code {
        case .unavailable, .resourceExhausted, .deadlineExceeded, .cancelled: false
        default: true
        }
    }

    private func deliver(
        _ parts: [ModelResult.Content],
        to members: [ExecutorState.Waiter],
        batch: Int,
        rows: Int,
        start: UInt64,
        end: UInt64
    ) {
        var leads = true
        for (member, part) in zip(members, parts) {
            guard let waiter = state.withLock({ $0.take(member.id, batch: batch) }) else { continue }
            let execution = Execution(
                result: part,
                queueNanoseconds: start &- member.arrived,
                computeNanoseconds: end &- start,
                batchRows: rows,
                leads: leads
            )
            leads = false
            waiter.continuation.resume(returning: .done(execution))
        }
    }

    private func runSingly(_ members: [ExecutorState.Waiter], batch: Int) async {
        for member in members where state.withLock({ $0.isAwaited(member.id, batch: batch) }) {
            let start = Clock.monotonicNanoseconds
            if let deadline = member.call.deadline, deadline <= start {
                fail(member, refusal(.deadline), batch: batch)
                continue
            }
            do {
                let content = try await compute(member.call, rows: member.rows)
                guard let waiter = state.withLock({ $0.take(member.id, batch: batch) }) else { continue }
                let execution = Execution(
                    result: content,
                    queueNanoseconds: start &- member.arrived,
                    computeNanoseconds: Clock.monotonicNanoseconds &- start,
                    batchRows: member.rows
                )
                waiter.continuation.resume(returning: .done(execution))
            } catch {
                fail(member, error, batch: batch)
            }
        }
    }

    private func fail(_ member: ExecutorState.Waiter, _ error: any Error, batch: Int) {
        state.withLock { $0.take(member.id, batch: batch) }?.continuation.resume(throwing: error)
    }
}
