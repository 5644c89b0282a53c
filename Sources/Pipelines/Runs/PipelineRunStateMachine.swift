package import Core

/// Decides for one run of a pipeline which tasks start, which are skipped, and when the run is done.
///
/// Tasks start in the order of the file as soon as what they need has succeeded and fewer than `parallel` run. A task
/// that fails for good skips what depends on it; branches that do not depend on it go on. The run is done when every
/// task is: cancelled if it was asked to stop, failed if a task failed, else succeeded.
package struct PipelineRunStateMachine: Sendable {
    /// What happened.
    package enum Event: Sendable, Equatable {
        /// The run begins, or goes on after a restart.
        case begin
        /// Something happened to a task.
        case task(String, TaskStateMachine.Event)
        /// Somebody asked the run to stop.
        case cancel
        /// Time passed.
        case tick
    }

    /// What the shell has to do.
    package enum Action: Sendable, Equatable {
        /// Something to do for a task.
        case task(String, TaskStateMachine.Action)
        /// Record how the run ended.
        case finish(RunState, message: String?)
    }

    private struct Node: Sendable {
        let name: String
        var machine: TaskStateMachine
        var unmet: Int
    }

    private let graph: TaskGraph
    private let positions: [String: Int]
    private let parallel: Int
    private var nodes: [Node]
    /// Positions that run, stop or pause: those that time can move.
    private var active: Set<Int> = []
    private var occupied = 0
    private var unfinished: Int
    /// Waiting tasks whose needs are met, kept so that the earliest in the file is last.
    private var ready: [Int] = []
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
    package init(
        spec: PipelineSpec,
        parallel: Int = PipelinesLimits.parallelTasks,
        restored: [String: TaskStateMachine] = [:],
        isCancelled: Bool = false
    ) {
        self.isCancelled = isCancelled
        graph = spec.graph
        self.parallel = max(1, parallel)
        positions = Dictionary(spec.tasks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        nodes = spec.tasks.map { task in
            let fresh = TaskStateMachine(retries: task.retries, backoff: task.backoff, timeout: task.timeout)
            return Node(name: task.name, machine: restored[task.name] ?? fresh, unmet: task.needs.count)
        }
        unfinished = nodes.count
    }

    /// When the run next needs a tick; nil when only events move it.
    package var wakesAt: Timestamp? {
        active.compactMap { nodes[$0].machine.wakesAt }.min()
    }

    /// Where a task stands.
    package func state(of task: String) -> TaskStateMachine.State? {
        positions[task].map { nodes[$0].machine.state }
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
        case .cancel:
            isCancelled = true
            // The last first, so that what waits is cancelled and not skipped for what it waits for.
            for position in graph.order.reversed() { move(position, .cancel, now: now, &actions) }
        case .tick:
            for position in active.sorted() { move(position, .tick, now: now, &actions) }
        }
        startReady(now: now, &actions)
        finishIfDone(&actions)
        return actions
    }

    /// Takes up what is done already, then everything that can start.
    private mutating func begin(_ actions: inout [Action], now: Timestamp) {
        let done = graph.order.compactMap { position -> (Int, TaskState)? in
            if case .done(let outcome) = nodes[position].machine.state { (position, outcome) } else { nil }
        }
        for position in graph.order {
            switch nodes[position].machine.state {
            case .running, .stopping:
                occupied += 1
                active.insert(position)
            case .pausing: active.insert(position)
            case .waiting: if graph.needs[position].isEmpty { makeReady(position) }
            case .done: break
            }
        }
        for (position, outcome) in done { settle(position, outcome, message: nil, now: now, &actions) }
    }

    private mutating func move(
        _ position: Int,
        _ event: TaskStateMachine.Event,
        now: Timestamp,
        _ actions: inout [Action]
    ) {
        let before = nodes[position].machine.state
        let taken = nodes[position].machine.handle(event, now: now)
        actions += taken.map { .task(nodes[position].name, $0) }
        let after = nodes[position].machine.state
        guard before != after else { return }
        if before.occupiesPlace != after.occupiesPlace { occupied += after.occupiesPlace ? 1 : -1 }
        switch after {
        case .running, .stopping, .pausing: active.insert(position)
        case .waiting:
            active.remove(position)
            makeReady(position)
        case .done(let outcome):
            active.remove(position)
            var message: String?
            for case .end(_, .failed, let text) in taken { message = text }
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
        unfinished -= 1
        if outcome == .failed, firstFailure == nil { firstFailure = (nodes[position].name, message ?? "") }
        if outcome == .succeeded {
            for dependent in graph.dependents[position] {
                nodes[dependent].unmet -= 1
                if nodes[dependent].unmet == 0, case .waiting = nodes[dependent].machine.state { makeReady(dependent) }
            }
            return
        }
        // Walks the dependents with a list of its own, so that a chain of thousands does not use up the stack.
        var pending = [position]
        while let cause = pending.popLast() {
            for dependent in graph.dependents[cause] {
                let event = TaskStateMachine.Event.skip(because: nodes[cause].name)
                let taken = nodes[dependent].machine.handle(event, now: now)
                guard !taken.isEmpty else { continue }
                actions += taken.map { .task(nodes[dependent].name, $0) }
                unfinished -= 1
                pending.append(dependent)
            }
        }
    }

    private mutating func makeReady(_ position: Int) {
        let place = ready.firstIndex { $0 < position } ?? ready.endIndex
        ready.insert(position, at: place)
    }

    private mutating func startReady(now: Timestamp, _ actions: inout [Action]) {
        guard !isCancelled else { return }
        while occupied < parallel, let position = ready.popLast() {
            guard case .waiting = nodes[position].machine.state, nodes[position].unmet == 0 else { continue }
            move(position, .start, now: now, &actions)
        }
    }

    private mutating func finishIfDone(_ actions: inout [Action]) {
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

extension TaskStateMachine.State {
    /// Whether the task takes one of the run's places.
    fileprivate var occupiesPlace: Bool {
        switch self {
        case .running, .stopping: true
        case .waiting, .pausing, .done: false
        }
    }
}
