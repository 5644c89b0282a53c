/// What a process may use at most; nil is no limit of its own.
package struct ResourceLimits: Sendable, Equatable {
    /// Memory in bytes: of all its processes together where control groups are permitted, else the address space of each.
    package var memoryBytes: Int?
    /// Processors, such as 0.5; holds only where control groups are permitted.
    package var processors: Double?
    /// Processor time of each process.
    package var processorTime: Duration?
    /// Open files and sockets of each process.
    package var openFiles: Int?
    /// Processes and threads: of the group where control groups are permitted, else of the user.
    package var processes: Int?
    /// Bytes on the disk: of each file by the kernel, of a task's directory as a whole by whoever watches it.
    package var diskBytes: Int?

    /// No limits.
    package init() {}
}
