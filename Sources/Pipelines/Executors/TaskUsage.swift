package import Core

/// What one attempt of a task used, measured by the kernel.
package struct TaskMetrics: Sendable, Equatable {
    /// Processor time of all its processes, in seconds.
    package var cpuSeconds: Double
    /// The most memory that it held: of the task as a whole with a control group, else of its largest process, in bytes.
    package var peakMemoryBytes: Int64
    /// Bytes that it read through system calls, from files, pipes and sockets alike.
    package var readBytes: Int64
    /// Bytes that it wrote through system calls.
    package var writtenBytes: Int64
    /// From its start to its end, in seconds.
    package var wallSeconds: Double

    /// Numbers of one attempt.
    package init(
        cpuSeconds: Double = 0,
        peakMemoryBytes: Int64 = 0,
        readBytes: Int64 = 0,
        writtenBytes: Int64 = 0,
        wallSeconds: Double = 0
    ) {
        self.cpuSeconds = cpuSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.readBytes = readBytes
        self.writtenBytes = writtenBytes
        self.wallSeconds = wallSeconds
    }
}

/// What one attempt used, where it ran, and what held it in its limits.
package struct TaskUsage: Sendable, Equatable {
    /// What it used.
    package var metrics: TaskMetrics
    /// What enforces its limits, such as `cgroup v2: memory, processes; rlimits: cpu_time; watch: disk`.
    package var isolation: String
    /// The worker that ran it; nil for the server.
    package var worker: String?

    /// Usage of one attempt.
    package init(metrics: TaskMetrics, isolation: String, worker: String? = nil) {
        self.metrics = metrics
        self.isolation = isolation
        self.worker = worker
    }

    /// The usage as it is stored and shown.
    package var json: JSONObject {
        var object: JSONObject = [
            "cpu_seconds": .number(metrics.cpuSeconds),
            "peak_memory_bytes": .integer(metrics.peakMemoryBytes),
            "read_bytes": .integer(metrics.readBytes),
            "written_bytes": .integer(metrics.writtenBytes),
            "wall_seconds": .number(metrics.wallSeconds),
            "isolation": .string(isolation),
        ]
        if let worker { object["worker"] = .string(worker) }
        return object
    }

    /// Reads what `json` wrote.
    ///
    /// - Parameter object: the stored form.
    /// - Throws: `invalidArgument` naming the field.
    package init(json object: JSONObject) throws(MartletError) {
        let fields = JSONFields(object, path: "usage")
        metrics = TaskMetrics(
            cpuSeconds: try fields.double("cpu_seconds"),
            peakMemoryBytes: try fields.int("peak_memory_bytes"),
            readBytes: try fields.int("read_bytes"),
            writtenBytes: try fields.int("written_bytes"),
            wallSeconds: try fields.double("wall_seconds")
        )
        isolation = try fields.string("isolation")
        worker = try fields.optionalString("worker")
    }
}
