package import Core
package import Ledger
package import Rollouts

/// One entry of a manifest's `deployments` section: a name under which versions of a model answer requests.
package struct DeploymentSpec: Sendable, Equatable {
    /// The deployment's name: lower-case letters, digits and hyphens.
    package let name: String
    /// Which version of which model it serves.
    package let reference: ModelReference
    /// How requests are split while no rollout is under way, and under the trusted version's share while one is.
    package let traffic: TrafficSpec
    /// How a new version climbs.
    package let rollout: RolloutSpec
    /// How its models are run, as written.
    package let serving: ServingSettings
    /// How many copies of its models work, and whether they leave memory.
    package let replicas: ReplicaSettings
    /// The monitors that watch it, by name.
    package let monitors: [String]
    /// What is kept of its predictions.
    package let ledger: LedgerSpec
    /// Whether it came by a `load` of the repository instead of a manifest: then it serves what was asked for, and
    /// follows no alias.
    package let isOnDemand: Bool

    /// The registered model.
    package var model: String { reference.model }
    /// The alias that names the version to serve; empty for a deployment of one version.
    package var alias: String { reference.alias ?? "" }
    /// The one version to serve; nil for a deployment that follows an alias.
    package var version: Int? { reference.version }
    /// How its models are run: `serving`, with what it leaves open filled in by `replicas`.
    package var execution: ServingSettings { replicas.applied(to: serving) }

    private static let keys = [
        "model", "alias", "version", "traffic", "replicas", "serving", "rollout", "monitors", "ledger",
    ]

    /// Reads the whole section, keyed by deployment name.
    ///
    /// - Throws: `invalidArgument` naming the field, for unknown keys, wrong types and impossible values.
    package static func parse(section: JSONValue) throws(MartletError) -> [DeploymentSpec] {
        let fields = try JSONFields(section, path: "deployments")
        guard fields.object.count <= ServingLimits.deployments else {
            throw MartletError(
                .invalidArgument,
                "'deployments' has \(fields.object.count) entries; at most \(ServingLimits.deployments) are allowed."
            )
        }
        var specs: [DeploymentSpec] = []
        for name in fields.object.keys { specs.append(try DeploymentSpec(name: name, fields: fields.fields(name))) }
        return specs
    }

    /// Reads one entry; a stored one may also have come on demand, under the name of its model.
    package init(name: String, fields: JSONFields, isStored: Bool = false) throws(MartletError) {
        isOnDemand = isStored ? try fields.optionalBool("on_demand") ?? false : false
        if !isOnDemand { try Self.validate(name, at: fields.path) }
        try fields.rejectUnknown(Self.keys + (isOnDemand ? ["on_demand"] : []))
        self.name = name
        reference = try ModelReference(fields: fields)
        traffic = try fields.optionalFields("traffic").map(TrafficSpec.init(fields:)) ?? TrafficSpec()
        replicas = try fields.optionalFields("replicas").map(ReplicaSettings.init(fields:)) ?? ReplicaSettings()
        rollout = try fields.optionalFields("rollout").map(RolloutSpec.init(fields:)) ?? RolloutSpec()
        serving = try fields.optionalFields("serving").map(ServingSettings.init(fields:)) ?? ServingSettings()
        ledger = try fields.optionalFields("ledger").map(LedgerSpec.init(fields:)) ?? LedgerSpec()
        monitors = try Self.monitors(fields)
    }

    /// Makes a deployment in code.
    package init(
        name: String,
        model: String,
        alias: String,
        rollout: RolloutSpec,
        serving: ServingSettings = ServingSettings(),
        isOnDemand: Bool = false
    ) {
        self.init(
            name: name,
            reference: ModelReference(model: model, selector: .alias(alias)),
            rollout: rollout,
            serving: serving,
            isOnDemand: isOnDemand
        )
    }

    /// Makes a deployment in code.
    package init(
        name: String,
        reference: ModelReference,
        traffic: TrafficSpec = TrafficSpec(),
        rollout: RolloutSpec,
        serving: ServingSettings = ServingSettings(),
        replicas: ReplicaSettings = ReplicaSettings(),
        monitors: [String] = [],
        ledger: LedgerSpec = LedgerSpec(),
        isOnDemand: Bool = false
    ) {
        self.name = name
        self.reference = reference
        self.traffic = traffic
        self.rollout = rollout
        self.serving = serving
        self.replicas = replicas
        self.monitors = monitors
        self.ledger = ledger
        self.isOnDemand = isOnDemand
    }

    private static func monitors(_ fields: JSONFields) throws(MartletError) -> [String] {
        guard let values = try fields.optionalArray("monitors") else { return [] }
        var names: [String] = []
        for value in values {
            guard let name = value.stringValue, !name.isEmpty, !names.contains(name) else {
                throw fields.invalid("monitors", "must be names of monitors, each once")
            }
            names.append(name)
        }
        guard names.count <= ServingLimits.monitorsPerDeployment else {
            throw fields.invalid("monitors", "must be at most \(ServingLimits.monitorsPerDeployment) names")
        }
        return names
    }

    private static func validate(_ name: String, at path: String) throws(MartletError) {
        let allowed = name.utf8.allSatisfy { byte in
            (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte == 45
        }
        let isSound = allowed && !name.isEmpty && !name.hasPrefix("-") && !name.hasSuffix("-")
        guard isSound, name.utf8.count <= ServingLimits.nameBytes else {
            throw MartletError(
                .invalidArgument,
                "'\(path)': a deployment's name has 1 to \(ServingLimits.nameBytes) lower-case letters, digits and "
                    + "inner hyphens."
            )
        }
    }

    /// The entry as it stands in a manifest, equal for entries of equal meaning.
    package var json: JSONValue {
        var entry: JSONObject = ["model": .string(model)]
        switch reference.selector {
        case .alias(let alias): entry["alias"] = .string(alias)
        case .version(let version): entry["version"] = .int(version)
        }
        entry["rollout"] = rollout.json
        if traffic != TrafficSpec() { entry["traffic"] = .object(traffic.json) }
        let copies = replicas.json
        if !copies.isEmpty { entry["replicas"] = .object(copies) }
        let settings = serving.json
        if !settings.isEmpty { entry["serving"] = .object(settings) }
        if !monitors.isEmpty { entry["monitors"] = .array(monitors.map { .string($0) }) }
        if ledger != LedgerSpec() { entry["ledger"] = ledger.json }
        if isOnDemand { entry["on_demand"] = true }
        return .object(entry)
    }
}
