import Core
import Lineage
import Pipelines
import Storage

/// What the end of a task adds to the lineage.
extension LineageWiring {
    /// Tells the lineage of each attempt that ended well, in the transaction that says so.
    static let taskEnded: PipelineStore.TaskOutbox = { connection, ending in
        guard ending.state == .succeeded else { return }
        try LineageStore.record(connection, record(of: ending, on: connection), at: ending.finishedAt)
    }

    /// What a task read, ran and made.
    ///
    /// What a step says in its outputs counts: `dataset` and `version` for data, `sources` for the files that were read,
    /// `run_id` for a run of tracking, `model` and `version` for a registered version.
    static func record(of ending: TaskEnding, on connection: Connection) throws -> LineageRecord {
        let task = LineageNode.task(ending.runID, ending.task)
        var record = LineageRecord()
        record.note(task, facts(of: ending))
        let run = LineageNode(.run, ending.runID)
        record.note(run, ["pipeline": .string(ending.pipeline), "parameters": .object(ending.parameters)])
        record.link(run, .has, task)
        if let hash = ending.codeHash {
            record.note(LineageNode(.code, hash))
            record.link(LineageNode(.code, hash), .ran, task)
        }
        if let image = ending.image {
            record.note(LineageNode(.image, image))
            record.link(LineageNode(.image, image), .ran, task)
        }
        if let cached = ending.cachedFrom {
            record.link(.task(cached.runID, cached.task), .cached, task)
        }
        files(ending, task, &record)
        try data(ending, task, &record, on: connection)
        for (name, outputs) in ending.upstream.sorted(by: { $0.key < $1.key }) where isFed(ending, by: name, outputs) {
            record.link(.task(ending.runID, name), .needed, task)
        }
        return record
    }

    private static func facts(of ending: TaskEnding) -> JSONObject {
        var facts: JSONObject = ["pipeline": .string(ending.pipeline), "attempt": .int(ending.attempt)]
        if case .step(let name, _) = ending.spec.action {
            facts["step"] = .string(name)
        } else {
            facts["kind"] = .string(ending.spec.action.kind)
        }
        facts["parameters"] = .object(ending.given)
        facts["outputs"] = .object(ending.outputs)
        if let hash = ending.codeHash { facts["code"] = .string(hash) }
        if let image = ending.image { facts["image"] = .string(image) }
        if let item = ending.item { facts["item"] = item }
        if ending.cachedFrom != nil { facts["cached"] = true }
        facts["started_at"] = .integer(ending.startedAt.milliseconds)
        return facts
    }

    /// The artifacts, and the files that a step says it read.
    private static func files(_ ending: TaskEnding, _ task: LineageNode, _ record: inout LineageRecord) {
        for artifact in ending.inputArtifacts {
            record.link(LineageNode(.artifact, artifact.sha256), .read, task)
        }
        for artifact in ending.outputArtifacts {
            let node = LineageNode(.artifact, artifact.sha256)
            record.note(node, ["name": .string(artifact.name), "bytes": .integer(artifact.bytes)])
            record.link(task, .made, node)
        }
        for source in ending.outputs["sources"]?.arrayValue ?? [] {
            guard let digest = source["sha256"]?.stringValue, !digest.isEmpty else { continue }
            let node = LineageNode(.artifact, digest)
            var facts: JSONObject = [:]
            for key in ["name", "bytes"] { facts[key] = source[key] }
            record.note(node, facts)
            record.link(node, .read, task)
        }
    }

    /// Data, runs and versions.
    private static func data(
        _ ending: TaskEnding,
        _ task: LineageNode,
        _ record: inout LineageRecord,
        on connection: Connection
    ) throws {
        if let run = ending.outputs["run_id"]?.stringValue, !run.isEmpty, ending.outputs["model"] == nil {
            record.link(task, .tracked, LineageNode(.training, run))
        }
        if let model = ending.outputs["model"]?.stringValue, let version = ending.outputs["version"]?.integerValue {
            record.link(task, .made, .model(model, Int(version)))
        }
        guard case .step(let step, _) = ending.spec.action else {
            // A command may say what data it read.
            if let name = ending.outputs["dataset"]?.stringValue, let version = version(of: name, in: ending.outputs) {
                record.note(.dataset(name, version))
                record.link(.dataset(name, version), .read, task)
            }
            return
        }
        guard let name = ending.given["dataset"]?.stringValue ?? given(ending, "dataset") else { return }
        let makes = ["data.ingest", "data.transform", "serving.labelled"].contains(step)
        var found = version(of: name, in: ending.outputs)
        if found == nil, !makes {
            found = ending.upstream.values.compactMap { version(of: name, in: $0) }.first
        }
        if found == nil {
            let row = try connection.first("SELECT version FROM datasets WHERE name = ?", [.text(name)])
            found = row?.optionalText("version")
        }
        guard let found else { return }
        let node = LineageNode.dataset(name, found)
        var facts: JSONObject = [:]
        if makes, let rows = ending.outputs["rows"] { facts["rows"] = rows }
        record.note(node, facts)
        if makes { record.link(task, .made, node) } else { record.link(node, .read, task) }
    }

    /// The content version that outputs name for a dataset.
    private static func version(of dataset: String, in outputs: JSONObject) -> String? {
        guard outputs["dataset"]?.stringValue == dataset else { return nil }
        return (outputs["dataset_version"] ?? outputs["version"])?.stringValue
    }

    /// A value of `with`, wherever the record of what was given keeps it.
    private static func given(_ ending: TaskEnding, _ key: String) -> String? {
        if let value = ending.given["with"]?[key]?.stringValue { return value }
        if case .step(_, let with) = ending.spec.action { return with[key]?.stringValue }
        return nil
    }

    /// Whether an earlier task went into this one.
    ///
    /// A command may use anything of what came before; of a step it is known: it reads its dataset, and the model or the
    /// outputs that it names.
    private static func isFed(_ ending: TaskEnding, by name: String, _ outputs: JSONObject) -> Bool {
        guard case .step(_, let with) = ending.spec.action else { return true }
        if outputs["model_uri"] != nil || outputs["run_id"] != nil { return true }
        return JSONValue.object(with).description.contains("${tasks.\(name).")
    }
}
