import Core
import Runtimes

/// A model's settings in the shape of Triton's model configuration.
enum ModelConfiguration {
    static func json(
        deployment: LiveDeployment,
        versions: [Int],
        resident: ResidentModel,
        settings: ServingSettings
    ) -> JSONValue {
        let model = resident.loaded
        let batching = resident.executor.batching
        let joins = batching.maximumRows > 1
        var configuration: JSONObject = [
            "name": .string(deployment.name),
            "platform": .string("martlet_\(model.runtime.name)"),
            "backend": .string(model.runtime.name),
            "version_policy": ["specific": ["versions": .array(versions.sorted().map { .int($0) })]],
            "max_batch_size": .int(joins ? batching.maximumRows : 0),
            "input": .array(model.runtime.inputs.map { tensor($0, isBatched: joins) }),
            "output": .array(model.runtime.outputs.map { tensor($0, isBatched: joins) }),
            "instance_group": [
                [
                    "name": .string(deployment.name), "kind": "KIND_CPU",
                    "count": .int(batching.concurrency),
                ]
            ],
            "parameters": parameters(settings),
        ]
        let queue: JSONValue = [
            "timeout_action": "REJECT",
            "default_timeout_microseconds": .integer(
                Int64(clamping: settings.executor.timeout.wholeNanoseconds / 1000)
            ),
            "allow_timeout_override": true,
            "max_queue_size": .int(batching.queue),
        ]
        configuration["dynamic_batching"] = [
            "preferred_batch_size": [],
            "max_queue_delay_microseconds": .integer(Int64(clamping: batching.maximumDelay / 1000)),
            "preserve_ordering": true,
            "default_queue_policy": queue,
        ]
        return .object(configuration)
    }

    /// Settings that Triton has no field for, as text.
    private static func parameters(_ settings: ServingSettings) -> JSONValue {
        var parameters: JSONObject = [:]
        func add(_ key: String, _ value: String?) {
            guard let value else { return }
            parameters[key] = ["string_value": .string(value)]
        }
        add("idle_ms", settings.idle.map { String($0.wholeMilliseconds) })
        add("threads", settings.threads.map { String($0) })
        add("python_workers", settings.python.workers.map { String($0) })
        add("python_memory_bytes", settings.python.memory.map { String($0) })
        add("python_timeout_ms", settings.python.timeout.map { String($0.wholeMilliseconds) })
        return .object(parameters)
    }

    private static func tensor(_ spec: TensorSpec, isBatched: Bool) -> JSONValue {
        // Triton leaves the extent of the batch out of a batched model's dims.
        let shape = isBatched && spec.shape.first == -1 ? Array(spec.shape.dropFirst()) : spec.shape
        return [
            "name": .string(spec.name),
            "data_type": .string(spec.dataType == .bytes ? "TYPE_STRING" : "TYPE_\(spec.dataType.rawValue)"),
            "dims": .array(shape.map { .int($0) }),
        ]
    }
}
