package import Core

/// Decides for one run of a pipeline which tasks start, which are skipped, and when the run is done.
///
/// Tasks start by priority and then in the order of the file, as soon as what they need has ended well and fewer than
/// `parallel` run. A task that fails for good skips what depends on it; branches that do not depend on it go on. A task
/// with a condition is decided upon, a task that fans out is expanded when its needs have ended. The run is done when
/// every task is: cancelled if it was asked to stop, failed if a task failed, else succeeded.
package struct PipelineRunStateMachine: Sendable {
    private struct Ready: Sendable {
        let priority: Int
        let place: Int
        let position: Int
    }

    private struct Wake: Sendable {
        let time: Timestamp
        let position: Int
    }

    private let spec: PipelineSpec
    private let graph: TaskGraph
    private let parallel: Int
    private var positions: [String: Int]
    private var nodes: [RunNode]
    /// The handler of each task that has one, by the task's position.
    private var handlers: [Int: Int] = [:]
    private var lastResort: Int?
    private var occupied = 0
    private var unfinished: Int
    private var ready = Heap<Ready> { one, other in
        (-one.priority, one.place, one.position) < (-other.priority, other.place, other.position)
    }
    private var wakes = Heap<Wake> { $0.time < $1.time }
    private var firstFailure: (task: String, message: String)?
    private var isCancelled: Bool
    private var isDone = false

    /// A run of `spec`.
    ///
    /// - Parameters:
    ///   - spec: The pipeline.
    ///   - parallel: Most tasks that run at the same time.
    ///   - restored: Where tasks stand after a restart, by name; all others wait for their first attempt.
    ///   - isCancelled: Whether the run was asked to stop already, so that `begin` starts nothing.
    ///   - seed: What chance in the pauses between attempts is drawn from.
    package init(
        spec: PipelineSpec,
        parallel: Int = PipelinesLimits.parallelTasks,
        restored: [String: Restored] = [:],
        isCancelled: Bool = false,
        seed: UInt64 = 0
    ) {
        self.isCancelled = isCancelled
        self.spec = spec
        graph = spec.graph
        self.parallel = max(1, parallel)
        self.seed = seed
        positions = [:]
        positions.reserveCapacity(spec.tasks.count)
        nodes = []
        nodes.reserveCapacity(spec.tasks.count)
        unfinished = 0
        for (place, task) in spec.tasks.enumerated() {
            let kind: RunNode.Kind = task.fanOut == nil ? .task : .group
            add(task, kind: kind, place: place, unmet: task.needs.count, restored)
        }
        for (place, task) in spec.tasks.enumerated() {
            if case .handler(let handler) = task.onFailure {
                handlers[place] = nodes.count
                add(handler, kind: .handler(of: place), place: place, unmet: 1, restored)
            }
            if let count = restored[task.name]?.instances { addInstances(of: place, count: count, restored) }
        }
        if let handler = spec.onFailure {
            lastResort = nodes.count
            add(handler, kind: .lastResort, place: spec.tasks.count, unmet: 1, restored)
        }
    }

    private let seed: UInt64

    private mutating func add(
        _ task: TaskSpec,
        kind: RunNode.Kind,
        place: Int,
        unmet: Int,
        _ restored: [String: Restored]
    ) {
        let known = restored[task.name]
        let machine =
            known?.machine ?? TaskStateMachine(retry: task.retry, timeout: task.timeout, seed: seed(nodes.count))
        var node = RunNode(task, kind: kind, place: place, machine: machine, unmet: unmet)
        node.skip = known?.skip
        node.isDecided = known?.instances != nil
        if known?.isAdmitted == true, kind == .lastResort || kind == .handler(of: place) { node.unmet = 0 }
        positions[task.name] = nodes.count
        nodes.append(node)
        unfinished += 1
    }

    private mutating func addInstances(of group: Int, count: Int, _ restored: [String: Restored]) {
        let task = spec.tasks[group]
        for index in 0..<count {
            let name = "\(task.name).\(index)"
            let fresh = TaskStateMachine(retry: task.retry, timeout: task.timeout, seed: seed(nodes.count))
            positions[name] = nodes.count
            nodes.append(RunNode(name: name, of: group, nodes[group], machine: restored[name]?.machine ?? fresh))
            unfinished += 1
        }
        nodes[group].open = count
    }

    private func seed(_ position: Int) -> UInt64 { seed &+ UInt64(clamping: position) &* 0x9E37_79B9 }

    /// When the run next needs a tick; nil when only events move it.
    package var wakesAt: Timestamp? { wakes.first?.time }

    /// Where a task stands.
    package func state(of task: String) -> TaskStateMachine.State? {
        positions[task].map { nodes[$0].machine.state }
    }

    /// Why a task was skipped.
    package func skipCause(of task: String) -> SkipCause? {
        positions[task].flatMap { nodes[$0].skip }
    }

    /// The task that an instance belongs to, and its place among the values; nil for any other task.
    func instance(_ task: String) -> (group: String, index: Int)? {
        guard let position = positions[task], case .instance(let group) = nodes[position].kind else { return nil }
        return Int(task.dropFirst(nodes[group].name.count + 1)).map { (nodes[group].name, $0) }
    }

    /// Takes in what happened and returns what to do, in order.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        guard !isDone else { return [] }
        var actions: [Action] = []
        switch event {
        case .begin: begin(&actions, now: now)
        case .task(let name, let event):
            guard let position = positions[name] else { return [] }
            move(position, event, now: now, &actions)
        case .decided(let name, let holds):
            guard let position = positions[name], nodes[position].isWaiting, nodes[position].unmet == 0 else {
                return []
            }
            nodes[position].isDecided = true
            if holds {
                due(position, now: now, &actions)
            } else {
                skip(position, .condition, "Its condition does not hold.", now: now, &actions)
            }
        case .expanded(let name, let count): expand(name, count, now: now, &actions)
        case .refused(let name, let message):
            guard let position = positions[name] else { return [] }
            move(position, .refuse(message: message), now: now, &actions)
        case .granted(let name):
            guard let position = positions[name], nodes[position].isWaiting else { return [] }
            nodes[position].isGranted = true
            makeReady(position)
        case .cancel: cancel(&actions, now: now)
        case .tick: tick(&actions, now: now)
        }
        startReady(now: now, &actions)
        finishIfDone(&actions, now: now)
        return actions
    }

    private mutating func tick(_ actions: inout [Action], now: Timestamp) {
        while let wake = wakes.first, wake.time <= now {
            _ = wakes.pop()
            // A wake of a state that has passed is none.
            guard nodes[wake.position].machine.wakesAt == wake.time else { continue }
            move(wake.position, .tick, now: now, &actions)
        }
    }

    private mutating func cancel(_ actions: inout [Action], now: Timestamp) {
        isCancelled = true
        // A task that fanned out is ended by its instances, and then as cancelled.
        for position in spec.tasks.indices where nodes[position].kind == .group && !nodes[position].isWaiting {
            _ = nodes[position].machine.handle(.cancel, now: now)
        }
        // The last first, so that what waits is cancelled and not skipped for what it waits for.
        for position in nodes.indices.dropFirst(spec.tasks.count) where isCounted(position) {
            move(position, .cancel, now: now, &actions)
        }
        for position in graph.order.reversed() where nodes[position].kind != .group || nodes[position].isWaiting {
            move(position, .cancel, now: now, &actions)
        }
    }

    /// Whether the node is recorded: handlers are only when they were needed.
    private func isCounted(_ position: Int) -> Bool {
        switch nodes[position].kind {
        case .handler, .lastResort: nodes[position].unmet == 0
        default: true
        }
    }

    /// Takes up what is done already, then everything that can start.
    private mutating func begin(_ actions: inout [Action], now: Timestamp) {
        var done: [(Int, TaskState)] = []
        var waiting: [Int] = []
        for position in graph.order + Array(nodes.indices.dropFirst(spec.tasks.count)) {
            if nodes[position].occupiesPlace { occupy(position, by: 1) }
            switch nodes[position].machine.state {
            case .running, .stopping, .pausing: watch(position)
            case .waiting: if nodes[position].unmet == 0 { waiting.append(position) }
            case .done(let outcome): done.append((position, outcome))
            }
        }
        for (position, outcome) in done { settle(position, outcome, message: nil, now: now, &actions) }
        for position in waiting where nodes[position].isWaiting { due(position, now: now, &actions) }
        // A group all of whose instances ended before its own end was recorded.
        for position in spec.tasks.indices where nodes[position].kind == .group && nodes[position].open == 0 {
            if case .running = nodes[position].machine.state { close(position, now: now, &actions) }
        }
    }

    private mutating func watch(_ position: Int) {
        guard nodes[position].kind != .group, let time = nodes[position].machine.wakesAt else { return }
        wakes.push(Wake(time: time, position: position))
    }

    private mutating func occupy(_ position: Int, by change: Int) {
        occupied += change
        guard case .instance(let group) = nodes[position].kind else { return }
        nodes[group].running += change
        if change < 0, let next = nodes[group].held.popFirst() { makeReady(next) }
    }

    private mutating func move(
        _ position: Int,
        _ event: TaskStateMachine.Event,
        now: Timestamp,
        _ actions: inout [Action]
    ) {
        let before = nodes[position].machine.state
        let occupied = nodes[position].occupiesPlace
        let taken = nodes[position].machine.handle(event, now: now)
        let name = nodes[position].name
        for action in taken { actions.append(.task(name, action)) }
        let after = nodes[position].machine.state
        guard before != after else { return }
        if occupied != nodes[position].occupiesPlace { occupy(position, by: occupied ? -1 : 1) }
        switch after {
        case .running, .stopping: watch(position)
        case .pausing:
            nodes[position].isRequested = false
            nodes[position].isGranted = false
            watch(position)
        case .waiting: makeReady(position)
        case .done(let outcome):
            var message: String?
            for action in taken {
                switch action {
                case .end(_, .failed, let text), .drop(_, .failed, let text): message = text
                default: break
                }
            }
            settle(position, outcome, message: message, now: now, &actions)
        }
    }

    /// A task is done: lets go what waited for it, or skips it.
    private mutating func settle(
        _ position: Int,
        _ outcome: TaskState,
        message: String?,
        now: Timestamp,
        _ actions: inout [Action]
    ) {
        var pending = [(position, outcome, message)]
        // A list of its own, so that a chain of thousands does not use up the stack.
        while let (position, outcome, message) = pending.popLast() {
            unfinished -= 1
            if case .instance(let group) = nodes[position].kind {
                ended(instance: position, of: group, outcome, message, now: now, &actions)
                continue
            }
            let node = nodes[position]
            if outcome == .failed, !node.proceeds, firstFailure == nil { firstFailure = (node.name, message ?? "") }
            if position >= spec.tasks.count { continue }
            settleHandler(of: position, outcome, now: now, &actions)
            let isFine = outcome == .succeeded || (outcome == .failed && node.proceeds)
            let isNeutral = outcome == .skipped && node.skip == .condition
            for dependent in graph.dependents[position] {
                nodes[dependent].unmet -= 1
                if isFine { nodes[dependent].satisfied += 1 } else if !isNeutral { nodes[dependent].isBlocked = true }
                guard nodes[dependent].isWaiting else { continue }
                if nodes[dependent].isBlocked, !nodes[dependent].asksForStates {
                    nodes[dependent].skip = .upstream
                    for action in nodes[dependent].machine.handle(.skip(because: node.name), now: now) {
                        actions.append(.task(nodes[dependent].name, action))
                    }
                    pending.append((dependent, .skipped, nil))
                } else if nodes[dependent].unmet == 0 {
                    due(dependent, now: now, &actions)
                }
            }
        }
    }

    private mutating func settleHandler(
        of position: Int,
        _ outcome: TaskState,
        now: Timestamp,
        _ actions: inout [Action]
    ) {
        guard let handler = handlers[position], nodes[handler].isWaiting, nodes[handler].unmet > 0 else { return }
        admit(handler, outcome == .failed && !isCancelled, now: now, &actions)
    }

    /// Lets a handler run, or takes it out of the count.
    private mutating func admit(_ handler: Int, _ isNeeded: Bool, now: Timestamp, _ actions: inout [Action]) {
        guard isNeeded, case .waiting(let attempt) = nodes[handler].machine.state else {
            nodes[handler].skip = .condition
            _ = nodes[handler].machine.handle(.skip(because: ""), now: now)
            unfinished -= 1
            return
        }
        nodes[handler].unmet = 0
        actions.append(.admit(nodes[handler].name, attempt: attempt))
        makeReady(handler)
    }

    /// What a task needs has ended well enough: decides, expands or starts it.
    private mutating func due(_ position: Int, now: Timestamp, _ actions: inout [Action]) {
        let node = nodes[position]
        if !node.asksForStates, node.kind == .task || node.kind == .group, !graph.needs[position].isEmpty,
            node.satisfied == 0
        {
            skip(position, .condition, "All that it needs was skipped.", now: now, &actions)
        } else if node.hasCondition, !node.isDecided {
            actions.append(.decide(node.name))
        } else if node.kind == .group {
            actions.append(.expand(node.name))
        } else {
            makeReady(position)
        }
    }

    private mutating func skip(
        _ position: Int,
        _ cause: SkipCause,
        _ message: String,
        now: Timestamp,
        _ actions: inout [Action]
    ) {
        nodes[position].skip = cause
        move(position, .pass(message: message), now: now, &actions)
    }

    private mutating func makeReady(_ position: Int) {
        let node = nodes[position]
        ready.push(Ready(priority: node.priority, place: node.place, position: position))
    }

    private mutating func startReady(now: Timestamp, _ actions: inout [Action]) {
        guard !isCancelled else { return }
        while occupied < parallel, let position = ready.pop()?.position {
            guard nodes[position].isWaiting, nodes[position].unmet == 0 else { continue }
            if case .instance(let group) = nodes[position].kind, let most = nodes[group].parallel,
                nodes[group].running >= most
            {
                nodes[group].held.append(position)
                continue
            }
            if nodes[position].usesPool, !nodes[position].isGranted {
                if !nodes[position].isRequested {
                    nodes[position].isRequested = true
                    actions.append(.request(nodes[position].name))
                }
                continue
            }
            move(position, .start, now: now, &actions)
        }
    }

    private mutating func finishIfDone(_ actions: inout [Action], now: Timestamp) {
        if let lastResort, unfinished == 1, nodes[lastResort].isWaiting, nodes[lastResort].unmet > 0 {
            admit(lastResort, firstFailure != nil && !isCancelled, now: now, &actions)
            startReady(now: now, &actions)
        }
        guard unfinished == 0 else { return }
        isDone = true
        if isCancelled {
            actions.append(.finish(.cancelled, message: "The run was cancelled."))
        } else if let firstFailure {
            let detail = firstFailure.message.isEmpty ? "." : ": \(firstFailure.message)"
            let message = "The task '\(firstFailure.task)' failed\(detail)"
            actions.append(.finish(.failed, message: message))
        } else {
            actions.append(.finish(.succeeded, message: nil))
        }
    }
}

/// Tasks that fan out.
extension PipelineRunStateMachine {
    private mutating func expand(_ name: String, _ count: Int, now: Timestamp, _ actions: inout [Action]) {
        guard let position = positions[name], nodes[position].kind == .group, !isCancelled,
            case .waiting(let attempt) = nodes[position].machine.state
        else { return }
        let total = nodes.count - spec.tasks.count + count
        guard total <= PipelinesLimits.fanOut + handlers.count + 1 else {
            let message =
                "The fan-outs of a run add at most \(PipelinesLimits.fanOut) tasks; this one would be past that."
            move(position, .refuse(message: message), now: now, &actions)
            return
        }
        _ = nodes[position].machine.handle(.start, now: now)
        actions.append(.open(name, attempt: attempt, count: count))
        let first = nodes.count
        addInstances(of: position, count: count, [:])
        for instance in first..<nodes.count { makeReady(instance) }
        if count == 0 { close(position, now: now, &actions) }
    }

    private mutating func ended(
        instance position: Int,
        of group: Int,
        _ outcome: TaskState,
        _ message: String?,
        now: Timestamp,
        _ actions: inout [Action]
    ) {
        nodes[group].open -= 1
        if outcome == .failed {
            if nodes[group].failures.count == 0 { nodes[group].failures.message = message ?? "" }
            nodes[group].failures.count += 1
        }
        if nodes[group].open == 0 { close(group, now: now, &actions) }
    }

    /// All instances have ended, so has the task.
    private mutating func close(_ group: Int, now: Timestamp, _ actions: inout [Action]) {
        let failures = nodes[group].failures
        switch nodes[group].machine.state {
        case .running(let attempt, _) where failures.count == 0:
            move(group, .succeeded(attempt: attempt), now: now, &actions)
        case .running(let attempt, _), .stopping(let attempt, _):
            let detail = failures.message.isEmpty ? "." : ": \(failures.message)"
            let message = "\(failures.count) of its runs failed\(detail)"
            move(group, .failed(attempt: attempt, message: message, isFinal: true), now: now, &actions)
        default: break
        }
    }
}
