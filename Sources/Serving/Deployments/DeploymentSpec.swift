package import Core
package import Rollouts

/// One entry of a manifest's `deployments` section: a name that follows a model's alias.
package struct DeploymentSpec: Sendable, Equatable {
    /// The deployment's name: lower-case letters, digits and hyphens.
    package let name: String
    /// The registered model.
    package let model: String
    /// The alias that names the version to serve.
    package let alias: String
    /// How a new version climbs.
    package let rollout: RolloutSpec
    /// How its models are run.
    package let serving: ServingSettings
    /// Whether it came by a `load` of the repository instead of a manifest: then it serves what was asked for, and
    /// follows no alias.
    package let isOnDemand: Bool

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
        try fields.rejectUnknown(["model", "alias", "rollout", "serving"] + (isOnDemand ? ["on_demand"] : []))
        self.name = name
        model = try fields.string("model")
        alias = try fields.optionalString("alias") ?? "production"
        rollout = try fields.optionalFields("rollout").map(RolloutSpec.init(fields:)) ?? RolloutSpec()
        serving = try fields.optionalFields("serving").map(ServingSettings.init(fields:)) ?? ServingSettings()
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
        self.serving = serving
        self.isOnDemand = isOnDemand
        self.name = name
        self.model = model
        self.alias = alias
        self.rollout = rollout
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

    /// The entry as it stands in a manifest.
    package var json: JSONValue {
        var entry: JSONObject = ["model": .string(model), "alias": .string(alias), "rollout": rollout.json]
        let settings = serving.json
        if !settings.isEmpty { entry["serving"] = .object(settings) }
        if isOnDemand { entry["on_demand"] = true }
        return .object(entry)
    }
}
