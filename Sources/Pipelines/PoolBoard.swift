import Synchronization

/// Who has places in which pool, and who waits for them: those of a higher priority first, then those who came first.
///
/// One server drives all runs, so its memory is the whole truth; a server that starts finds every pool empty, as the
/// tasks of its predecessor have ended.
final class PoolBoard: Sendable {
    /// A task that wants places.
    struct Ticket: Sendable {
        let run: String
        let task: String
        let slots: Int
        /// How many places the pool has as the task's pipeline declares it.
        let capacity: Int
        let priority: Int
        /// Told once, when the places are taken for the task.
        let grant: @Sendable () -> Void
    }

    private struct Key: Hashable {
        let run: String
        let task: String
    }

    private struct Pool {
        var used = 0
        var holders: [Key: Int] = [:]
        var waiting: [Ticket] = []

        /// Gives places to those in front; who needs more than there are is waited for, so that it gets its turn.
        mutating func serve() -> [Ticket] {
            var served: [Ticket] = []
            while let next = waiting.first, used + next.slots <= next.capacity {
                waiting.removeFirst()
                used += next.slots
                holders[Key(run: next.run, task: next.task)] = next.slots
                served.append(next)
            }
            return served
        }

        mutating func leave(where isGone: (Key) -> Bool) {
            for (key, slots) in holders where isGone(key) {
                holders[key] = nil
                used -= slots
            }
            waiting.removeAll { isGone(Key(run: $0.run, task: $0.task)) }
        }
    }

    private let pools = Mutex<[String: Pool]>([:])

    /// Takes places now or as soon as there are some.
    func request(_ name: String, _ ticket: Ticket) {
        let served = pools.withLock { pools -> [Ticket] in
            var pool = pools[name] ?? Pool()
            let place = pool.waiting.firstIndex { $0.priority < ticket.priority } ?? pool.waiting.endIndex
            pool.waiting.insert(ticket, at: place)
            let served = pool.serve()
            pools[name] = pool
            return served
        }
        for ticket in served { ticket.grant() }
    }

    /// Gives back what a task has in a pool, and takes it out of the queue.
    func release(_ name: String, run: String, task: String) {
        let gone = Key(run: run, task: task)
        leave(named: [name]) { $0 == gone }
    }

    /// Gives back everything of a run.
    func release(run: String) {
        leave(named: pools.withLock { Array($0.keys) }) { $0.run == run }
    }

    private func leave(named names: [String], where isGone: (Key) -> Bool) {
        let served = pools.withLock { pools -> [Ticket] in
            var served: [Ticket] = []
            for name in names {
                guard var pool = pools[name] else { continue }
                pool.leave(where: isGone)
                served += pool.serve()
                pools[name] = pool.holders.isEmpty && pool.waiting.isEmpty ? nil : pool
            }
            return served
        }
        for ticket in served { ticket.grant() }
    }
}
