package import Core
package import Runtimes

/// How a deployment's models are run: the manifest's `serving` object.
package struct ServingSettings: Sendable, Equatable {
    /// How calls wait and run together.
    package var executor = ExecutorSettings()
    /// After how long without a call a model is taken out of memory; nil for never.
    package var idle: Duration?
    /// Threads for one call of a library; nil for one.
    package var threads: Int?
    /// How Python workers are run.
    package var python = Python()

    /// The part of the settings that concerns Python workers; what is nil is the runtime's default.
    package struct Python: Sendable, Equatable {
        /// The interpreter, a name on the path or an absolute path.
        package var interpreter: String?
        /// Processes for one model.
        package var workers: Int?
        /// The most memory of one process, in bytes.
        package var memory: Int?
        /// How long one call may take.
        package var timeout: Duration?

        /// The defaults.
        package init() {}
    }

    /// The defaults.
    package init() {}

    /// What the runtimes are told; `base` holds what the server sets for all models.
    package func runtime(_ base: RuntimeSettings = RuntimeSettings()) -> RuntimeSettings {
        var settings = base
        if let threads { settings.threads = threads }
        if let interpreter = python.interpreter { settings.python.interpreter = interpreter }
        if let workers = python.workers { settings.python.workers = workers }
        if let memory = python.memory { settings.python.memoryBytes = memory }
        if let timeout = python.timeout { settings.python.timeout = timeout }
        return settings
    }
}

extension ServingSettings {
    /// Reads the `serving` object of a deployment.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["batch", "concurrency", "queue", "timeout", "idle", "threads", "python"])
        if let batch = try fields.optionalFields("batch") {
            try batch.rejectUnknown(["max_rows", "max_delay"])
            executor.maximumRows = try Self.count(batch, "max_rows", 1...ServingLimits.maximumBatchRows)
            let delay = try Self.duration(batch, "max_delay", .zero...ServingLimits.maximumBatchDelay)
            if let delay { executor.maximumDelay = delay }
        }
        executor.concurrency = try Self.count(fields, "concurrency", 1...ServingLimits.maximumConcurrency)
        if let queue = try Self.count(fields, "queue", 0...ServingLimits.maximumQueuedCalls) { executor.queue = queue }
        let positive: Duration = .milliseconds(1)
        let timeout = try Self.duration(fields, "timeout", positive...ServingLimits.maximumRequestTimeout)
        if let timeout { executor.timeout = timeout }
        idle = try Self.duration(fields, "idle", positive...ServingLimits.maximumIdleTime)
        threads = try Self.count(fields, "threads", 1...ServingLimits.maximumThreads)
        guard let workers = try fields.optionalFields("python") else { return }
        try workers.rejectUnknown(["interpreter", "workers", "memory", "timeout"])
        python.interpreter = try workers.optionalString("interpreter")
        if python.interpreter?.isEmpty == true { throw workers.invalid("interpreter", "must not be empty") }
        python.workers = try Self.count(workers, "workers", 1...ServingLimits.maximumWorkers)
        python.memory = try Self.bytes(workers, "memory")
        python.timeout = try Self.duration(workers, "timeout", positive...ServingLimits.maximumRequestTimeout)
    }

    private static func count(
        _ fields: JSONFields,
        _ key: String,
        _ range: ClosedRange<Int>
    ) throws(MartletError) -> Int? {
        try fields.optionalInt(key, in: Int64(range.lowerBound)...Int64(range.upperBound)).map { Int($0) }
    }

    private static func duration(
        _ fields: JSONFields,
        _ key: String,
        _ range: ClosedRange<Duration>
    ) throws(MartletError) -> Duration? {
        guard let duration = try fields.optionalDuration(key) else { return nil }
        guard range.contains(duration) else {
            throw fields.invalid(key, "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return duration
    }

    private static func bytes(_ fields: JSONFields, _ key: String) throws(MartletError) -> Int? {
        if let number = fields.value(key)?.integerValue {
            guard number > 0, let bytes = Int(exactly: number) else { throw fields.invalid(key, "must be above 0") }
            return bytes
        }
        guard let text = try fields.optionalString(key) else { return nil }
        guard let bytes = ByteCount.parse(text), bytes > 0 else {
            throw fields.invalid(key, "must be a size such as 512MiB")
        }
        return bytes
    }

    /// The object as it stands in a manifest, without what is left to the defaults.
    package var json: JSONObject {
        var object: JSONObject = [:]
        let standard = ExecutorSettings()
        var batch: JSONObject = [:]
        if let rows = executor.maximumRows { batch["max_rows"] = .int(rows) }
        if executor.maximumDelay != standard.maximumDelay { batch["max_delay"] = Self.text(executor.maximumDelay) }
        if !batch.isEmpty { object["batch"] = .object(batch) }
        if let concurrency = executor.concurrency { object["concurrency"] = .int(concurrency) }
        if executor.queue != standard.queue { object["queue"] = .int(executor.queue) }
        if executor.timeout != standard.timeout { object["timeout"] = Self.text(executor.timeout) }
        if let idle { object["idle"] = Self.text(idle) }
        if let threads { object["threads"] = .int(threads) }
        var workers: JSONObject = [:]
        if let interpreter = python.interpreter { workers["interpreter"] = .string(interpreter) }
        if let count = python.workers { workers["workers"] = .int(count) }
        if let memory = python.memory { workers["memory"] = .int(memory) }
        if let timeout = python.timeout { workers["timeout"] = Self.text(timeout) }
        if !workers.isEmpty { object["python"] = .object(workers) }
        return object
    }

    private static func text(_ duration: Duration) -> JSONValue { .string("\(duration.wholeMilliseconds)ms") }
}
