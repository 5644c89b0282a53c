import Core
import Rollouts
import Serving

/// A manifest that may be applied: it was read, and what it names is there.
struct CheckedManifest: Sendable {
    /// What the file declares, with KServe's services among the deployments.
    private(set) var manifest: Manifest
    /// The directory that its data files lie in.
    let directory: String
    /// What the server had when it was checked.
    let existing: ManifestComparison.Existing
    /// The version that applying will register, by deployment.
    private(set) var registering: [String: Int] = [:]
    /// What is said of a deployment beside its rollout.
    private(set) var notes: [String: String] = [:]
    /// The deployments whose held candidate gets everything.
    private(set) var promotions: [String] = []
    /// What reading KServe's services brought up.
    private(set) var remarks: [String] = []

    init(manifest: Manifest, directory: String, existing: ManifestComparison.Existing) {
        self.manifest = manifest
        self.directory = directory
        self.existing = existing
    }

    /// Whether a service's model is yet to be registered.
    func isNew(_ service: InferenceService) -> Bool { registering[service.name] != nil }

    /// Makes a deployment of a service.
    ///
    /// - Parameters:
    ///   - service: the service.
    ///   - reference: its model and how the version is found.
    ///   - enrolled: the version that was registered for it meanwhile.
    /// - Throws: `invalidArgument` naming the service's field when a value does not fit.
    mutating func deploy(
        _ service: InferenceService,
        _ reference: (model: String, ModelEnrolment.Reference),
        enrolled: Int?
    ) throws(MartletError) {
        let selector: (key: String, value: JSONValue)
        switch reference.1 {
        case .alias(let alias): selector = ("alias", .string(alias))
        case .version(let version): selector = ("version", .int(version))
        case .new(let version):
            selector = ("version", .int(enrolled ?? version))
            if enrolled == nil {
                registering[service.name] = version
                notes[service.name] = "registers '\(service.storageURI)' as version \(version) of '\(reference.model)'."
            }
        }
        try manifest.deploy(service, service.entry(model: reference.model, selector: selector))
        remarks += service.remarks.map { "\(service.name): \($0)" }
        if let version = selector.value.integerValue { promote(service, Int(version)) }
    }

    /// Without a share for the candidate KServe gives it everything: so does taking the field away.
    private mutating func promote(_ service: InferenceService, _ version: Int) {
        guard service.entry["rollout"]?["strategy"] == "all_at_once",
            let status = existing.deployments[service.name], let machine = status.rollout?.machine, machine.isActive,
            machine.candidate == version, status.spec.rollout.steps.contains(where: \.needsConfirmation)
        else { return }
        promotions.append(service.name)
        notes[service.name] = "gives version \(version), which is held at a share, all traffic."
    }
}
