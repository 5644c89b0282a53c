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
}
