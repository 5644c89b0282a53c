package import Core
import Datasets
import Loop
import Monitoring
import Pipelines
import Serving

/// A whole `martlet.yaml`, read strictly; every error names file, line and field.
package struct Manifest: Sendable {
    let datasets: [DatasetSpec]
    let pipelines: [PipelineSpec]
    let deployments: [DeploymentSpec]
    let monitors: [MonitorSpec]
    let triggers: [TriggerSpec]
    private let sections: JSONObject

    private static let known = ["version", "server", "data", "pipelines", "deployments", "monitors", "triggers"]

    /// Parses YAML text.
    ///
    /// - Parameters:
    ///   - yaml: the text.
    ///   - file: the file's name for people, which errors begin with.
    ///   - steps: the built-in steps that pipelines may name.
    /// - Throws: `invalidArgument` naming file, line and field.
    package init(yaml: String, file: String = "martlet.yaml", steps: [BuiltinStep]) throws(MartletError) {
        do {
            try self.init(document: try YAMLDocument.parse(yaml), steps: steps)
        } catch {
            throw YAMLPlace.locating(error, in: yaml, file: file)
        }
    }

    private init(document: JSONValue, steps: [BuiltinStep]) throws(MartletError) {
        let fields = try JSONFields(document, path: "")
        try fields.rejectUnknown(Self.known)
        guard try fields.int("version") == 1 else { throw fields.invalid("version", "must be 1") }
        sections = fields.object
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

    /// An object as the file declares it; nil when it does not.
    func document(_ section: String, _ name: String) -> JSONValue? {
        sections[section]?[name]
    }

    /// The names that a section declares.
    func names(in section: String) -> [String] {
        sections[section]?.objectValue?.keys ?? []
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
