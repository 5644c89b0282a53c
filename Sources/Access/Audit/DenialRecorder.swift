package import Core
package import Logging
import Synchronization

/// Writes refusals to the audit log without anybody waiting for it.
///
/// Recording one is a note in memory; a service writes what has gathered, a transaction for all of it. What is more than
/// `AuditLimits` allow in a minute is counted, and one record tells how many there were.
package final class DenialRecorder: Sendable {
    private struct Waiting {
        let denial: Denial
        let time: Timestamp
        let log: AuditLog
    }

    private struct State {
        var waiting: [Waiting] = []
        var quotas: [String: (quota: DenialQuota, log: AuditLog)] = [:]
    }

    private let state = Mutex(State())
    private let find: @Sendable (String?) -> AuditLog?
    private let clock: Clock
    private let logger: Logger

    /// A recorder.
    ///
    /// - Parameters:
    ///   - clock: the time.
    ///   - logger: where failures are told.
    ///   - log: the log of a workspace, and that of the server for nil and for a workspace that there is not.
    package init(
        clock: Clock,
        logger: Logger = Logger(label: "martlet.audit"),
        log: @escaping @Sendable (String?) -> AuditLog?
    ) {
        self.clock = clock
        self.logger = logger
        find = log
    }

    /// Notes a refusal; never waits.
    package func record(_ denial: Denial) {
        guard let log = find(denial.workspace) else { return }
        let now = clock.now
        state.withLock { state in
            var quota = state.quotas[log.name]?.quota ?? DenialQuota(now)
            defer { state.quotas[log.name] = (quota, log) }
            guard state.waiting.count < AuditLimits.pendingDenials else { return quota.count(denial.caller) }
            guard quota.admit(denial.caller) else { return }
            state.waiting.append(Waiting(denial: denial, time: now, log: log))
        }
    }

    /// Writes what gathers until the task is cancelled, and then the rest.
    package func run() async {
        while !Task.isCancelled {
            await flush()
            do { try await clock.sleep(for: .seconds(AuditLimits.denialSeconds)) } catch { break }
        }
        await flush(isLast: true)
    }

    /// Writes what has gathered; with `isLast` also the counts of the minute that is not over.
    package func flush(isLast: Bool = false) async {
        let now = clock.now
        let batches = state.withLock { state in Self.take(&state, now, isLast: isLast) }
        for (log, entries, callers) in batches {
            do {
                try await log.append(entries)
            } catch {
                logger.error("Refusals could not be written to the audit log.", metadata: ["error": "\(error)"])
                state.withLock { state in
                    var quota = state.quotas[log.name]?.quota ?? DenialQuota(now)
                    for caller in callers { quota.count(caller) }
                    state.quotas[log.name] = (quota, log)
                }
            }
        }
    }

    private typealias Batch = (log: AuditLog, entries: [AuditEntry], callers: [String])

    private static func take(_ state: inout State, _ now: Timestamp, isLast: Bool) -> [Batch] {
        var batches: [String: Batch] = [:]
        for waiting in state.waiting {
            let log = waiting.log
            batches[log.name, default: (log, [], [])].entries
                .append(waiting.denial.entry(at: waiting.time, in: log.name))
            batches[log.name]?.callers.append(waiting.denial.caller)
        }
        state.waiting.removeAll(keepingCapacity: true)
        for (name, (quota, log)) in state.quotas {
            var quota = quota
            if let summary = quota.turn(now: now, log: name, isLast: isLast) {
                batches[name, default: (log, [], [])].entries.append(summary)
            }
            state.quotas[name] = (quota, log)
        }
        return batches.sorted { $0.key < $1.key }.map(\.value)
    }
}
