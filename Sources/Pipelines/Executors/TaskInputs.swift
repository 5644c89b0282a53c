import Core
import Foundation

/// What a command is given beside its environment: a file, because it may be large.
enum TaskInputs {
    /// Writes the outputs of the tasks that this one needs, and the value that it runs for in a fan-out.
    ///
    /// - Returns: the file; nil when there is nothing to tell.
    static func write(_ job: StepJob) throws -> String? {
        guard !job.upstream.isEmpty || job.item != nil else { return nil }
        let upstream = job.upstream.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.object($0.value)) }
        var inputs: JSONObject = ["upstream": .object(JSONObject(upstream))]
        if let item = job.item { inputs["item"] = item }
        let path = job.directory + "/inputs.json"
        try Data(JSONValue.object(inputs).serialized()).write(to: URL(fileURLWithPath: path))
        return path
    }
}
