import Core
import Datasets
import Foundation
import Loop
import Monitoring
import Pipelines
import Serving

/// Brings the server to what a manifest declares, and says what that changes.
struct ManifestApplier: Sendable {
    let files: String
    let steps: [BuiltinStep]
    let datasets: DatasetStore
    let pipelines: PipelineService
    let deployments: DeploymentController
    let monitors: MonitorService
    let loops: LoopService

    /// Checks everything, then applies everything; nothing is applied when anything is wrong.
    ///
    /// The manifest lies in `directory`, and its data files lie below.
    func apply(_ yaml: String, directory: String) async throws -> [ManifestChange] {
        let (manifest, place) = try await check(yaml, directory)
        let changes = try await changes(of: manifest)
        try await datasets.apply(manifest.datasets, directory: place)
        try await pipelines.apply(manifest.pipelines, directory: place)
        try await deployments.apply(manifest.deployments)
        for monitor in manifest.monitors { try await monitors.apply(monitor) }
        try await loops.apply(manifest.triggers)
        return changes
    }

    /// What `apply` would change.
    func diff(_ yaml: String, directory: String) async throws -> [ManifestChange] {
        let (manifest, _) = try await check(yaml, directory)
        return try await changes(of: manifest)
    }

    private func check(_ yaml: String, _ directory: String) async throws -> (Manifest, directory: String) {
        let steps = steps
        let manifest = try await BlockingWork.run { try Manifest(yaml: yaml, steps: steps) }
        let place = try place(of: directory)
        for dataset in manifest.datasets {
            guard let file = dataset.source?.file else { continue }
            guard FileManager.default.isReadableFile(atPath: "\(place)/\(file)") else {
                throw MartletError(
                    .notFound,
                    "'data.\(dataset.name).source.file': there is no readable file '\(file)' beside the manifest."
                )
            }
        }
        try await checkReferences(manifest)
        return (manifest, place)
    }

    /// The manifest's directory, which must lie below the server's `--files`.
    private func place(of directory: String) throws(MartletError) -> String {
        let root = URL(fileURLWithPath: files).resolvingSymlinksInPath().standardizedFileURL
        let place = URL(fileURLWithPath: directory, relativeTo: root).resolvingSymlinksInPath().standardizedFileURL
        let isBelow = place.path == root.path || root.path == "/" || place.path.hasPrefix(root.path + "/")
        guard isBelow else {
            throw MartletError(
                .permissionDenied,
                "The manifest's directory lies outside the directory that this server reads data files from; "
                    + "start it there, or name a directory above with --files."
            )
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isDirectory), isDirectory.boolValue
        else {
            throw MartletError(.notFound, "The server does not find the manifest's directory.")
        }
        return place.path
    }

    /// Names that one section gives another must exist, in the manifest or on the server.
    private func checkReferences(_ manifest: Manifest) async throws {
        let known = try await existing()
        func require(_ name: String, in section: String, _ declared: [String], field: String) throws(MartletError) {
            guard declared.contains(name) || known[section]?[name] != nil else {
                throw MartletError(
                    .invalidArgument,
                    "'\(field)' names '\(name)', which is not declared under '\(section)'."
                )
            }
        }
        for monitor in manifest.monitors {
            let field = "monitors.\(monitor.name).deployment"
            try require(monitor.deployment, in: "deployments", manifest.deployments.map(\.name), field: field)
        }
        for trigger in manifest.triggers {
            let path = "triggers.\(trigger.name)"
            try require(trigger.pipeline, in: "pipelines", manifest.pipelines.map(\.name), field: "\(path).pipeline")
            if let monitor = trigger.monitor {
                try require(monitor, in: "monitors", manifest.monitors.map(\.name), field: "\(path).when.monitor")
            }
        }
    }

    private func changes(of manifest: Manifest) async throws -> [ManifestChange] {
        let known = try await existing()
        func compare(_ section: String, _ entries: [(String, JSONValue)]) -> [ManifestChange] {
            entries.map { name, document in
                let kind: ManifestChange.Kind =
                    switch known[section]?[name] {
                    case nil: .created
                    case document: .unchanged
                    default: .updated
                    }
                return ManifestChange(section: section, name: name, kind: kind)
            }
        }
        return compare("data", manifest.datasets.map { ($0.name, $0.document) })
            + compare("pipelines", manifest.pipelines.map { ($0.name, $0.document) })
            + compare("deployments", manifest.deployments.map { ($0.name, $0.json) })
            + compare("monitors", manifest.monitors.map { ($0.name, $0.json) })
            + compare("triggers", manifest.triggers.map { ($0.name, .object($0.definition)) })
    }

    /// What the server has, by section and name.
    private func existing() async throws -> [String: [String: JSONValue]] {
        var known: [String: [String: JSONValue]] = [:]
        for summary in try await datasets.datasets() {
            known["data", default: [:]][summary.name] = try await datasets.spec(summary.name).document
        }
        for pipeline in try await pipelines.pipelines() {
            known["pipelines", default: [:]][pipeline.name] = try await pipelines.pipeline(pipeline.name).document
        }
        for status in await deployments.statuses() {
            known["deployments", default: [:]][status.spec.name] = status.spec.json
        }
        for monitor in await monitors.monitors() {
            known["monitors", default: [:]][monitor.spec.name] = monitor.spec.json
        }
        for status in try await loops.triggers() {
            known["triggers", default: [:]][status.trigger.name] = .object(status.trigger.definition)
        }
        return known
    }
}

/// What applying a manifest does to one declared object.
struct ManifestChange: Sendable, Equatable {
    enum Kind: String, Sendable {
        case created
        case updated
        case unchanged
    }

    let section: String
    let name: String
    let kind: Kind

    var json: JSONValue {
        ["section": .string(section), "name": .string(name), "change": .string(kind.rawValue)]
    }
}
