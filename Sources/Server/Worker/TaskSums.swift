import Metrics
import Pipelines

/// What tasks used, as sums on `/metrics`; by pipeline and not by task, of which there may be thousands.
enum TaskSums {
    /// Adds what an attempt used.
    static func add(_ usage: TaskUsage, pipeline: String) {
        let dimensions = [("pipeline", pipeline)]
        let metrics = usage.metrics
        Counter(label: "martlet_task_attempts_total", dimensions: dimensions).increment()
        for (name, amount) in [("cpu_seconds", metrics.cpuSeconds), ("wall_seconds", metrics.wallSeconds)] {
            FloatingPointCounter(label: "martlet_task_\(name)_total", dimensions: dimensions).increment(by: amount)
        }
        for (name, amount) in [("read_bytes", metrics.readBytes), ("written_bytes", metrics.writtenBytes)] {
            Counter(label: "martlet_task_\(name)_total", dimensions: dimensions).increment(by: amount)
        }
    }
}
