import Core
import Datasets
import Loop
import Monitoring
import Pipelines
import Serving

/// A whole `martlet.yaml`, read strictly; every error names the field.
struct Manifest: Sendable {
    let datasets: [DatasetSpec]
    let pipelines: [PipelineSpec]
    let deployments: [DeploymentSpec]
    let monitors: [MonitorSpec]
    let triggers: [TriggerSpec]

    static let sections = ["version", "server", "data", "pipelines", "deployments", "monitors", "triggers"]

    /// Parses YAML text; `steps` are the built-in steps that pipelines may name.
    init(yaml: String, steps: [BuiltinStep]) throws(MartletError) {
        let fields = try JSONFields(try YAMLDocument.parse(yaml), path: "")
        try fields.rejectUnknown(Self.sections)
        guard try fields.int("version") == 1 else { throw fields.invalid("version", "must be 1") }
        datasets =
            try fields.value("data").map { section throws(MartletError) in
                try DatasetSpec.parseSection(section)
            } ?? []
        pipelines =
            try fields.value("pipelines").map { section throws(MartletError) in
                try PipelineSpec.parseSection(section, steps: steps)
            } ?? []
        deployments = try Self.entries(fields, "deployments") { name, value throws(MartletError) in
            try DeploymentSpec(name: name, fields: JSONFields(value, path: "deployments.\(name)"))
        }
        monitors = try Self.entries(fields, "monitors") { name, value throws(MartletError) in
            try MonitorSpec(name: name, JSONFields(value, path: "monitors.\(name)"))
        }
        triggers =
            try fields.value("triggers").map { section throws(MartletError) in
                try TriggerSpec.section(section)
            } ?? []
    }

    private static func entries<T>(
        _ fields: JSONFields,
        _ key: String,
        _ parse: (String, JSONValue) throws(MartletError) -> T
    ) throws(MartletError) -> [T] {
        guard let section = try fields.optionalObject(key) else { return [] }
        var entries: [T] = []
        for (name, value) in section.pairs { entries.append(try parse(name, value)) }
        return entries
    }
}
