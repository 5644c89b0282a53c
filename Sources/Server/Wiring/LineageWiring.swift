import Core
import Lineage
import Loop
import Registry
import Rollouts
import Serving
import Storage
import Tracking

/// What the features add to the lineage, each in the transaction that makes it true.
enum LineageWiring {
    /// Files that every version has and that say nothing of where it comes from.
    private static let commonFiles: Set<String> = [
        "MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "input_example.json",
        "serving_input_example.json", "registered_model_meta",
    ]

    /// A version was registered: the run it comes from, and the files that it consists of.
    static func record(_ connection: Connection, _ event: RegistryEvent, at now: Timestamp) throws {
        guard case .versionCreated(let version, false) = event else { return }
        let node = LineageNode.model(version.name, version.version)
        var record = LineageRecord()
        var facts: JSONObject = ["source": .string(version.source)]
        for key in ["martlet.pipeline", "martlet.task", "martlet.loop"] {
            if let value = version.tag(key) { facts[key] = .string(value) }
        }
        record.note(node, facts)
        if !version.runID.isEmpty { record.link(LineageNode(.training, version.runID), .registered, node) }
        let files = try connection.query(
            """
            SELECT f.file_path, f.sha256 FROM model_version_files f JOIN registered_models m
                ON m.model_number = f.model_number
            WHERE m.name = ? AND f.version = ? ORDER BY f.file_path LIMIT ?
            """,
            [.text(version.name), .int(version.version), .int(LineageLimits.recordedEdges)]
        )
        for file in files where !commonFiles.contains(try file.text("file_path")) {
            let artifact = LineageNode(.artifact, try file.text("sha256"))
            record.note(artifact)
            record.link(artifact, .contains, node)
        }
        try LineageStore.record(connection, record, at: now)
    }

    /// A deployment serves another version, or tries one.
    static func record(_ connection: Connection, _ change: DeploymentChange, at now: Timestamp) throws {
        let versions = [change.serving?.stable, change.rollout?.machine.candidate].compactMap(\.self)
        guard !versions.isEmpty else { return }
        let row = try connection.first("SELECT spec FROM deployments WHERE name = ?", [.text(change.deployment)])
        guard let model = try row?.json("spec")["model"]?.stringValue else { return }
        let node = LineageNode(.deployment, change.deployment)
        var record = LineageRecord()
        record.note(node)
        for version in versions {
            record.note(.model(model, version))
            record.link(.model(model, version), .served, node)
        }
        try LineageStore.record(connection, record, at: now)
    }

    /// A loop started a run, or decided about a version.
    static func record(_ connection: Connection, _ loop: LoopRecord, _ event: LoopEvent) throws {
        let node = LineageNode(.loop, loop.id)
        var record = LineageRecord()
        var facts: JSONObject = ["trigger": .string(loop.trigger.name), "state": .string(event.state.rawValue)]
        let approvers = loop.progress.approvals.map(\.by)
        if !approvers.isEmpty { facts["approved_by"] = .string(approvers.joined(separator: ", ")) }
        record.note(node, facts)
        if let run = event.links["pipeline_run"]?.stringValue {
            record.link(node, .decided, LineageNode(.run, run))
        }
        if let version = loop.progress.version {
            record.link(node, .decided, .model(loop.trigger.model, version))
        }
        try LineageStore.record(connection, record, at: event.at)
    }

    /// A dataset's version by the digest that a run of tracking notes, which keeps only the beginning of a long one.
    static func dataset(_ connection: Connection, _ name: String, _ digest: String) throws -> LineageNode {
        let row = try connection.first(
            """
            SELECT version FROM dataset_versions WHERE dataset = ? AND substr(version, 1, \(digest.utf8.count)) = ?
            ORDER BY sequence DESC LIMIT 1
            """,
            [.text(name), .text(digest)]
        )
        return .dataset(name, try row?.text("version") ?? digest)
    }

    /// A run of tracking ended: what data it said that it read.
    static func record(_ connection: Connection, _ run: RunInfo, at now: Timestamp) throws {
        let node = LineageNode(.training, run.id)
        var record = LineageRecord()
        record.note(
            node,
            [
                "name": .string(run.name), "experiment": .string(run.experimentID),
                "state": .string(run.status.rawValue),
            ]
        )
        let datasets = try connection.query(
            """
            SELECT d.name, d.digest, d.source FROM runs r JOIN run_datasets u ON u.run_number = r.run_number
            JOIN input_datasets d ON d.dataset_number = u.dataset_number WHERE r.run_id = ?
            ORDER BY u.position LIMIT ?
            """,
            [.text(run.id), .int(LineageLimits.recordedEdges)]
        )
        for dataset in datasets {
            let data = try self.dataset(connection, try dataset.text("name"), try dataset.text("digest"))
            record.note(data)
            record.link(data, .read, node)
        }
        try LineageStore.record(connection, record, at: now)
    }
}
