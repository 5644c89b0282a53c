package import Core

/// What one version of a model did since the server started, in the shape of Triton's statistics.
package struct ModelStatistics: Sendable, Equatable {
    /// The deployment.
    package let name: String
    /// The version in digits.
    package let version: String
    /// The counters.
    package let counters: InferenceCounters
    /// Bytes that the model takes; 0 when it is not in memory.
    package let memoryBytes: Int

    /// The calls of the model by their rows, smallest first.
    package var batches: [(size: Int, times: InferenceCounters.BatchTimes)] { counters.batches }

    /// An element of `model_stats`.
    package var json: JSONValue {
        let counters = counters
        let none = InferenceCounters.Time()
        return [
            "name": .string(name), "version": .string(version),
            "last_inference": .integer(counters.lastInference),
            "inference_count": Self.whole(counters.inferences),
            "execution_count": Self.whole(counters.executions),
            "inference_stats": [
                "success": Self.time(counters.success), "fail": Self.time(counters.failure),
                "queue": Self.time(counters.queue), "compute_input": Self.time(counters.computeInput),
                "compute_infer": Self.time(counters.computeInfer),
                "compute_output": Self.time(counters.computeOutput),
                "cache_hit": Self.time(none), "cache_miss": Self.time(none),
            ],
            "response_stats": [:],
            "batch_stats": .array(
                batches.map { size, times in
                    [
                        "batch_size": .int(size), "compute_input": Self.time(times.input),
                        "compute_infer": Self.time(times.infer), "compute_output": Self.time(times.output),
                    ]
                }
            ),
            "memory_usage": memoryBytes > 0
                ? [["type": "CPU", "id": 0, "byte_size": .int(memoryBytes)]] : [],
        ]
    }

    private static func time(_ time: InferenceCounters.Time) -> JSONValue {
        ["count": whole(time.count), "ns": whole(time.nanoseconds)]
    }

    private static func whole(_ number: UInt64) -> JSONValue { .integer(Int64(clamping: number)) }
}
