import Core

/// What a run's state machine is told, and what it asks for.
extension PipelineRunStateMachine {
    /// What happened.
    package enum Event: Sendable, Equatable {
        /// The run begins, or goes on after a restart.
        case begin
        /// Something happened to a task.
        case task(String, TaskStateMachine.Event)
        /// A task's condition was asked.
        case decided(String, Bool)
        /// The values that a task fans out to are known.
        case expanded(String, count: Int)
        /// A condition or a fan-out has no answer: the task fails without having run.
        case refused(String, message: String)
        /// A pool has places for a task.
        case granted(String)
        /// Somebody asked the run to stop.
        case cancel
        /// Time passed.
        case tick
    }

    /// What the shell has to do.
    package enum Action: Sendable, Equatable {
        /// Something to do for a task.
        case task(String, TaskStateMachine.Action)
        /// Ask a task's condition and answer with `decided` or `refused`.
        case decide(String)
        /// Find the values that a task fans out to and answer with `expanded` or `refused`.
        case expand(String)
        /// Record the instances of a task that fans out; the task itself runs from now on.
        case open(String, attempt: Int, count: Int)
        /// Record that a task that runs upon failure waits from now on.
        case admit(String, attempt: Int)
        /// Ask the pool of a task for places and answer with `granted`.
        case request(String)
        /// Record how the run ended.
        case finish(RunState, message: String?)
    }

    /// Where a task stands after a restart.
    package struct Restored: Sendable {
        let machine: TaskStateMachine
        let skip: SkipCause?
        /// How many instances it has; nil when it has not fanned out yet.
        let instances: Int?
        /// Whether it is recorded: a task that runs upon failure is only when it was needed.
        let isAdmitted: Bool

        /// Makes it.
        package init(
            _ machine: TaskStateMachine,
            skip: SkipCause? = nil,
            instances: Int? = nil,
            isAdmitted: Bool = true
        ) {
            self.machine = machine
            self.skip = skip
            self.instances = instances
            self.isAdmitted = isAdmitted
        }
    }
}
