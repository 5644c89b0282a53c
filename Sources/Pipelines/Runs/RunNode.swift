import Core

/// One task in a run's state machine.
struct RunNode: Sendable {
    /// What the node stands for.
    enum Kind: Sendable, Equatable {
        /// A task that runs once.
        case task
        /// A task that fans out: it ends when its instances have.
        case group
        /// One run of a task that fans out, by the position of its group.
        case instance(of: Int)
        /// The task that runs when the one at a position fails.
        case handler(of: Int)
        /// The task that runs when any other failed.
        case lastResort
    }

    let name: String
    let kind: Kind
    let priority: Int
    /// Its place in the file, for the order of starting.
    let place: Int
    var machine: TaskStateMachine
    /// Needs that have not ended.
    var unmet: Int
    /// Needs that succeeded.
    var satisfied = 0
    /// Whether a need failed, or was skipped because of a failure.
    var isBlocked = false
    var skip: SkipCause?
    let hasCondition: Bool
    let asksForStates: Bool
    var isDecided = false
    /// Whether a failure lets the run go on.
    let proceeds: Bool
    let usesPool: Bool
    var isRequested = false
    var isGranted = false
    /// Instances of a group that have not ended.
    var open = 0
    /// Instances of a group that run.
    var running = 0
    /// Most of them at the same time.
    let parallel: Int?
    /// Instances that are ready while `parallel` run.
    var held: ArraySlice<Int> = []
    /// How many instances failed, and why the first did.
    var failures: (count: Int, message: String) = (0, "")

    init(_ task: TaskSpec, kind: Kind, place: Int, machine: TaskStateMachine, unmet: Int) {
        name = task.name
        self.kind = kind
        self.place = place
        self.machine = machine
        self.unmet = unmet
        priority = task.priority
        hasCondition = task.condition != nil
        asksForStates = task.condition?.asksForStates ?? false
        proceeds = task.onFailure == .proceed
        usesPool = task.pool != nil
        parallel = task.fanOut?.parallel
    }

    /// An instance of `group`.
    init(name: String, of group: Int, _ node: RunNode, machine: TaskStateMachine) {
        self.name = name
        kind = .instance(of: group)
        place = node.place
        priority = node.priority
        self.machine = machine
        unmet = 0
        hasCondition = false
        asksForStates = false
        proceeds = node.proceeds
        usesPool = node.usesPool
        parallel = nil
    }

    /// Whether it takes one of the run's places.
    var occupiesPlace: Bool {
        guard kind != .group else { return false }
        switch machine.state {
        case .running, .stopping: return true
        case .waiting, .pausing, .done: return false
        }
    }

    var isWaiting: Bool {
        if case .waiting = machine.state { true } else { false }
    }
}
