extension PipelinesLimits {
    /// Most bytes in the directory of a task that sets no `disk`.
    package static let defaultDisk = 100 << 30
    /// What a task that sets no `disk` leaves free on the disk, in bytes.
    package static let diskReserve = 1 << 30
    /// Least `disk` that a task can be limited to, in bytes.
    package static let leastDisk = 1 << 20
    /// Most files and directories in a task's directory.
    package static let taskFiles = 1_000_000
    /// Processes of a task that sets no `processes`.
    package static let defaultProcesses = 4096
    /// How long lines are collected before they are written.
    package static let logDelay = Duration.milliseconds(20)
    /// How often a worker looks for offers.
    package static let offerPoll = Duration.milliseconds(250)
    /// How often a worker says that it lives, and asks whether an attempt is to stop.
    package static let workerHeartbeat = Duration.seconds(2)
    /// How long after its last heartbeat a worker counts as gone.
    package static let workerLease = Duration.seconds(20)
    /// Attempts that a worker runs at the same time when it is not told.
    package static let workerSlots = 4
    /// Most attempts that a worker can be told to run at the same time.
    package static let mostWorkerSlots = 1024
    /// How long a worker that was asked to stop lets its attempts go on.
    package static let workerDrain = Duration.seconds(600)
    /// Longest name of a queue or worker, in bytes.
    package static let queueBytes = 64
    /// Offers that are over and kept.
    package static let keptOffers = Duration.seconds(3600)
}
