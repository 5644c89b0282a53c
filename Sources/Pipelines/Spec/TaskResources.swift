package import Core

/// What a task may use, as its section `resources` says.
package struct TaskResources: Sendable, Equatable {
    /// Memory, processors, files and processes.
    package var limits = ResourceLimits()
    /// Whether the task gives up the network.
    package var isOffline = false

    static let keys = ["memory", "disk", "cpus", "cpu_time", "open_files", "processes", "network"]

    /// No limits beyond those that the server sets.
    package init() {}

    /// Reads the section.
    ///
    /// - Throws: `invalidArgument` naming the key.
    static func parse(_ fields: JSONFields) throws(MartletError) -> TaskResources {
        try fields.rejectUnknown(keys)
        var resources = TaskResources()
        if let text = try fields.optionalString("memory") {
            guard let bytes = ByteCount.parse(text), bytes >= PipelinesLimits.leastMemory else {
                throw fields.invalid("memory", "must be a size such as 2GiB, at least 16MiB")
            }
            resources.limits.memoryBytes = bytes
        }
        if let text = try fields.optionalString("disk") {
            guard let bytes = ByteCount.parse(text), bytes >= PipelinesLimits.leastDisk else {
                throw fields.invalid("disk", "must be a size such as 10GiB, at least 1MiB")
            }
            resources.limits.diskBytes = bytes
        }
        if let cpus = try fields.optionalDouble("cpus") {
            guard cpus >= 0.01, cpus <= PipelinesLimits.mostProcessors else {
                throw fields.invalid("cpus", "must be between 0.01 and \(Int(PipelinesLimits.mostProcessors))")
            }
            resources.limits.processors = cpus
        }
        if let time = try fields.optionalDuration("cpu_time") {
            guard time >= .seconds(1), time <= PipelinesLimits.longestTimeout else {
                throw fields.invalid("cpu_time", "must be between 1 second and 30 days")
            }
            resources.limits.processorTime = time
        }
        resources.limits.openFiles = try fields.optionalInt("open_files", in: 16...1_048_576).map { Int($0) }
        resources.limits.processes = try fields.optionalInt("processes", in: 1...1_000_000).map { Int($0) }
        switch fields.value("network") {
        case nil, .bool(true), .string("on"): break
        case .bool(false), .string("off"): resources.isOffline = true
        default: throw fields.invalid("network", "must be on or off")
        }
        return resources
    }
}
