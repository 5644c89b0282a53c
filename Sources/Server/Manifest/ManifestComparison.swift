import Core
import Datasets
import Loop
import Monitoring
import Pipelines
import Serving

/// A manifest beside what the server has, object by object.
///
/// Declarations are compared by what they mean: a default that is written out and one that is left out are the same,
/// as are `60s` and `1m`.
struct ManifestComparison {
    /// What the server has.
    struct Existing: Sendable {
        var datasets: [String: DatasetSpec] = [:]
        var pipelines: [String: PipelineSpec] = [:]
        var deployments: [String: DeploymentStatus] = [:]
        var monitors: [String: MonitorSpec] = [:]
        var triggers: [String: TriggerSpec] = [:]

        /// The names of a section that a manifest can declare.
        func names(in section: String) -> [String] {
            switch section {
            case "data": datasets.filter { $0.value.source != nil }.keys.sorted()
            case "pipelines": pipelines.keys.sorted()
            case "deployments": deployments.filter { !$0.value.spec.isOnDemand }.keys.sorted()
            case "monitors": monitors.keys.sorted()
            case "triggers": triggers.keys.sorted()
            default: []
            }
        }
    }

    let manifest: Manifest
    let existing: Existing
    let steps: [BuiltinStep]

    /// The sections in the order of a manifest.
    private static let sections = ["data", "pipelines", "deployments", "monitors", "triggers"]

    /// Every declared object, in the order of the sections and of the file.
    var changes: [ManifestChange] {
        manifest.datasets.map(change(of:)) + manifest.pipelines.map(change(of:))
            + manifest.deployments.map {
                change("deployments", $0.name, existing.deployments[$0.name]?.spec.json, $0.json)
            }
            + manifest.monitors.map { change("monitors", $0.name, existing.monitors[$0.name]?.json, $0.json) }
            + manifest.triggers.map(change(of:))
    }

    /// What the server has and the manifest does not name.
    var undeclared: [ManifestDifference.Undeclared] {
        Self.sections.flatMap { section in
            existing.names(in: section)
                .filter { manifest.document(section, $0) == nil }
                .map { ManifestDifference.Undeclared(section: section, name: $0) }
        }
    }

    private func change(
        _ section: String,
        _ name: String,
        _ old: JSONValue?,
        _ new: JSONValue,
        means: ((JSONValue) -> Bool)? = nil
    ) -> ManifestChange {
        guard let old else {
            let written = manifest.document(section, name) ?? new
            let fields = FieldChange.between([:], written)
            return ManifestChange(section: section, name: name, kind: .created, fields: fields)
        }
        var fields = FieldChange.between(old, new)
        if let means {
            // What can be undone without changing the meaning is a default that is written out, or no longer is.
            fields.removeAll { means($0.undone(in: new)) }
        }
        return ManifestChange(
            section: section,
            name: name,
            kind: fields.isEmpty ? .unchanged : .changed,
            fields: fields
        )
    }

    private func change(of spec: DatasetSpec) -> ManifestChange {
        let old = existing.datasets[spec.name]
        var change = change("data", spec.name, old?.document, spec.document) { document in
            (try? DatasetSpec.parse(name: spec.name, document)).map { $0.means(spec) } ?? false
        }
        if change.kind == .changed, let old, !old.readsLike(spec) {
            change.notes = ["The rows of '\(spec.name)' are dropped; the next ingestion starts from the beginning."]
        }
        return change
    }

    private func change(of spec: TriggerSpec) -> ManifestChange {
        let old = existing.triggers[spec.name].map { JSONValue.object($0.definition) }
        return change("triggers", spec.name, old, .object(spec.definition)) { document in
            (try? TriggerSpec(name: spec.name, definition: document)).map { $0.meaning == spec.meaning } ?? false
        }
    }

    private func change(of spec: PipelineSpec) -> ManifestChange {
        change("pipelines", spec.name, existing.pipelines[spec.name]?.document, spec.document) { document in
            guard let other = try? PipelineSpec.parse(name: spec.name, document, steps: steps) else { return false }
            return other.means(spec)
        }
    }
}

extension DatasetSpec {
    /// Whether both declare the same, however it is written.
    fileprivate func means(_ other: DatasetSpec) -> Bool {
        source == other.source && columns == other.columns && target == other.target && checks == other.checks
            && split == other.split && key == other.key && drift == other.drift && transform == other.transform
    }
}

extension PipelineSpec {
    /// Whether both declare the same, however it is written.
    fileprivate func means(_ other: PipelineSpec) -> Bool {
        summary == other.summary && parameterSpecs == other.parameterSpecs && tasks == other.tasks
            && onFailure == other.onFailure && concurrency == other.concurrency && pools == other.pools
            && parallel == other.parallel && priority == other.priority && triggers == other.triggers
            && executor == other.executor
    }
}

extension TriggerSpec {
    /// Everything that was read, defaults included, but not how it was written.
    fileprivate var meaning: [String] {
        Mirror(reflecting: self).children.filter { $0.label != "definition" }.map { String(reflecting: $0.value) }
    }
}
