extension Batcher {
    /// Fills the free slots and asks to be woken for what has to wait.
    mutating func dispatch(now: UInt64, _ actions: inout [Action]) {
        while running < settings.concurrency, let head = queue.first {
            let batch = nextBatch()
            if !batch.isComplete, let end = windowEnd(head, now: now) {
                wake(at: end, &actions)
                break
            }
            start(batch, &actions)
        }
        if !queue.isEmpty, earliestDeadline < .max { wake(at: earliestDeadline, &actions) }
    }

    /// The calls that would leave together now.
    private struct Batch {
        var indices: [Int]
        var rows: Int
        /// Whether waiting could not make it larger.
        var isComplete: Bool
    }

    /// The first call and those after it that fit to it, in order; one that is too large ends the batch, so that no call
    /// overtakes another of its kind.
    private func nextBatch() -> Batch {
        guard let head = queue.first else { return Batch(indices: [], rows: 0, isComplete: true) }
        guard let key = head.key, head.rows < settings.maximumRows else {
            return Batch(indices: [0], rows: head.rows, isComplete: true)
        }
        var batch = Batch(indices: [0], rows: head.rows, isComplete: false)
        for index in queue.indices.dropFirst() where queue[index].key == key {
            let rows = batch.rows + queue[index].rows
            guard rows <= settings.maximumRows else {
                batch.isComplete = true
                break
            }
            batch.indices.append(index)
            batch.rows = rows
            if rows == settings.maximumRows { batch.isComplete = true }
        }
        return batch
    }

    private mutating func start(_ batch: Batch, _ actions: inout [Action]) {
        actions.append(.run(batch.indices.map { queue[$0].id }))
        if batch.indices.count == queue.count {
            queue.removeAll(keepingCapacity: true)
        } else {
            var taken = batch.indices[...]
            var kept: [Call] = []
            kept.reserveCapacity(queue.count)
            for index in queue.indices {
                if taken.first == index { taken.removeFirst() } else { kept.append(queue[index]) }
            }
            queue = kept
        }
        queuedRows -= batch.rows
        running += 1
        runningCalls += batch.indices.count
        if queue.isEmpty { earliestDeadline = .max }
    }

    /// Whether others were about so recently that they may come back.
    func isUnderLoad(now: UInt64) -> Bool {
        if running > 0 { return window > 0 && settings.maximumRows > 1 }
        return lastBatchCalls > 1 && now < lastFinished &+ window
    }

    /// How long a free slot may be held open: half of a batch's fixed cost, which is what sharing saves; 0 when nobody
    /// is expected within that time.
    package var window: UInt64 {
        guard settings.maximumRows > 1, settings.maximumDelay > 0 else { return 0 }
        let length = min(Double(settings.maximumDelay), cost.line.base / 2)
        return meanGap <= length ? UInt64(length) : 0
    }

    /// Until when the first call waits for company; nil when it shall not wait.
    private func windowEnd(_ head: Call, now: UInt64) -> UInt64? {
        guard head.hadToWait || isUnderLoad(now: now) else { return nil }
        // Everybody who was about lately is here already, or no more may come.
        guard outstanding < population, queue.count < settings.queue else { return nil }
        let end = max(head.arrived, lastFinished) &+ window
        guard end > now else { return nil }
        if let deadline = head.deadline, deadline <= end { return nil }
        return end
    }

    private mutating func wake(at time: UInt64, _ actions: inout [Action]) {
        guard time < nextWake else { return }
        nextWake = time
        actions.append(.wake(time))
    }
}
