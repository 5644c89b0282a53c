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
    let forecast: RolloutForecast
    let enrolment: ModelEnrolment

    /// Checks everything, then applies everything; nothing is applied when anything is wrong.
    ///
    /// The manifest lies in a directory, and its data files lie below.
    func apply(_ file: ManifestFile) async throws -> ManifestDifference {
        var checked = try await check(file)
        let difference = try await difference(checked)
        if checked.manifest.services.contains(where: { checked.isNew($0) }) {
            // Registering is the one step that may still fail, and it leaves nothing that anybody sees.
            checked = try await check(file) { try await enrolment.enrol($0) }
        }
        try await apply(checked)
        return difference
    }

    /// What `apply` would change.
    func diff(_ file: ManifestFile) async throws -> ManifestDifference {
        try await difference(try await check(file))
    }

    /// What applying one `deployments:` entry would change.
    func difference(_ name: String, _ entry: JSONValue) async throws -> ManifestDifference {
        try await difference(try await check(name, entry))
    }

    /// Applies one `deployments:` entry.
    func apply(_ name: String, _ entry: JSONValue) async throws {
        try await apply(try await check(name, entry))
    }

    private func apply(_ checked: CheckedManifest) async throws {
        let manifest = checked.manifest
        try await datasets.apply(manifest.datasets, directory: checked.directory)
        try await pipelines.apply(manifest.pipelines, directory: checked.directory)
        try await deployments.apply(manifest.deployments)
        for monitor in manifest.monitors { try await monitors.apply(monitor) }
        try await loops.apply(manifest.triggers)
        for name in checked.promotions { try await deployments.command(.promote, name, by: "apply") }
    }

    private func check(_ name: String, _ entry: JSONValue) async throws -> CheckedManifest {
        let existing = try await existing()
        let checked = CheckedManifest(
            manifest: try Manifest(deployment: name, entry),
            directory: files,
            existing: existing
        )
        try checkReferences(checked.manifest, existing)
        try checkDeployments(checked.manifest, existing)
        return checked
    }

    /// Reads and checks a file; `enrol` gives versions to models that are not registered.
    private func check(
        _ file: ManifestFile,
        enrol: ((InferenceService) async throws -> Int)? = nil
    ) async throws -> CheckedManifest {
        let steps = steps
        let directory = try place(of: file.directory)
        let manifest = try await BlockingWork.run {
            try Manifest(yaml: file.text, file: file.name, steps: steps, directory: directory)
        }
        var checked = CheckedManifest(
            manifest: manifest,
            directory: directory,
            existing: try await existing()
        )
        do {
            try checkFiles(manifest, checked.directory)
            for service in manifest.services {
                let reference = try await enrolment.reference(of: service)
                var enrolled: Int?
                if case .new = reference.1 { enrolled = try await enrol?(service) }
                try checked.deploy(service, reference, enrolled: enrolled)
            }
            try checkReferences(checked.manifest, checked.existing)
            try checkDeployments(checked.manifest, checked.existing)
            try await loops.check(checked.manifest.triggers)
        } catch let error as MartletError {
            throw YAMLPlace.locating(error, in: file.text, file: file.name)
        }
        return checked
    }

    private func checkFiles(_ manifest: Manifest, _ place: String) throws(MartletError) {
        for dataset in manifest.datasets {
            guard let file = dataset.source?.file else { continue }
            guard FileManager.default.isReadableFile(atPath: "\(place)/\(file)") else {
                throw MartletError(
                    .notFound,
                    "'data.\(dataset.name).source.file': there is no readable file '\(file)' beside the manifest."
                )
            }
        }
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
    private func checkReferences(
        _ manifest: Manifest,
        _ existing: ManifestComparison.Existing
    ) throws(MartletError) {
        func require(_ name: String, in section: String, field: String) throws(MartletError) {
            let known = existing.names(in: section) + manifest.names(in: section)
            guard !known.contains(name) else { return }
            let hint = NearestName.of(name, among: known).map { "; did you mean '\($0)'?" } ?? "."
            throw MartletError(
                .invalidArgument,
                "'\(field)' names '\(name)', which is not declared under '\(section)'\(hint)"
            )
        }
        for monitor in manifest.monitors {
            try require(monitor.deployment, in: "deployments", field: "monitors.\(monitor.name).deployment")
        }
        for spec in manifest.deployments {
            for (position, monitor) in spec.monitors.enumerated() {
                try require(monitor, in: "monitors", field: "deployments.\(spec.name).monitors[\(position)]")
            }
        }
        for reference in manifest.triggers.flatMap(\.references) {
            try require(reference.name, in: reference.section, field: reference.field)
        }
    }

    /// What the deployments would refuse is refused before anything else is applied.
    private func checkDeployments(
        _ manifest: Manifest,
        _ existing: ManifestComparison.Existing
    ) throws(MartletError) {
        for spec in manifest.deployments {
            guard let known = existing.deployments[spec.name]?.spec, known.model != spec.model else { continue }
            throw MartletError(
                .failedPrecondition,
                "'deployments.\(spec.name).model' is '\(spec.model)', but the deployment serves '\(known.model)'; remove "
                    + "it first (DELETE /api/martlet/v1/deployments/\(spec.name)), or give the new one another name."
            )
        }
    }

    private func difference(_ checked: CheckedManifest) async throws -> ManifestDifference {
        let (manifest, existing) = (checked.manifest, checked.existing)
        let comparison = ManifestComparison(manifest: manifest, existing: existing, steps: steps)
        var changes = comparison.changes
        let declared = Dictionary(manifest.deployments.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        for (position, change) in changes.enumerated() where change.section == "deployments" {
            guard change.kind != .unchanged, let spec = declared[change.name] else { continue }
            if let note = checked.notes[change.name] { changes[position].notes.append(note) }
            changes[position].notes += try await forecast.sentences(
                spec.name,
                spec.json,
                status: existing.deployments[spec.name],
                registering: checked.registering[spec.name]
            )
        }
        return ManifestDifference(changes: changes, undeclared: comparison.undeclared, remarks: checked.remarks)
    }

    /// What the server has, by section and name.
    private func existing() async throws -> ManifestComparison.Existing {
        var known = ManifestComparison.Existing()
        for summary in try await datasets.datasets() {
            known.datasets[summary.name] = try await datasets.spec(summary.name)
        }
        for pipeline in try await pipelines.pipelines() {
            known.pipelines[pipeline.name] = try await pipelines.pipeline(pipeline.name)
        }
        for status in await deployments.statuses() { known.deployments[status.spec.name] = status }
        for monitor in await monitors.monitors() { known.monitors[monitor.spec.name] = monitor.spec }
        for status in try await loops.triggers() { known.triggers[status.trigger.name] = status.trigger }
        return known
    }
}
