package import Core
import Datasets
import Loop
import Monitoring
import Pipelines
import Serving

/// A whole `martlet.yaml`, or KServe's `InferenceService`s, read strictly; every error names file, line and field.
package struct Manifest: Sendable {
    let datasets: [DatasetSpec]
    let pipelines: [PipelineSpec]
    private(set) var deployments: [DeploymentSpec]
    let monitors: [MonitorSpec]
    let triggers: [TriggerSpec]
    /// KServe's services, which become deployments when their models are known.
    package let services: [InferenceService]
    private var sections: JSONObject

    private static let known = ["version", "server", "data", "pipelines", "deployments", "monitors", "triggers"]

    /// Parses YAML text: at most one document is a manifest, all others are `InferenceService`s.
    ///
    /// - Parameters:
    ///   - yaml: the text.
    ///   - file: the file's name for people, which errors begin with.
    ///   - steps: the built-in steps that pipelines may name.
    ///   - directory: where files lie that the section `pipelines` includes; nil when it may include none.
    /// - Throws: `invalidArgument` naming file, line and field.
    package init(
        yaml: String,
        file: String = "martlet.yaml",
        steps: [BuiltinStep],
        directory: String? = nil
    ) throws(MartletError) {
        var position: Int?
        do throws(MartletError) {
            let documents = try YAMLDocument.documents(yaml)
            var services: [InferenceService] = []
            for (place, document) in documents where InferenceService.isObject(document) {
                position = place
                let service = try InferenceService(document)
                guard !services.contains(where: { $0.name == service.name }) else {
                    throw MartletError(.invalidArgument, "'metadata.name' names '\(service.name)' a second time.")
                }
                services.append(service)
            }
            let manifests = documents.filter { !InferenceService.isObject($0.value) }
            position = manifests.last?.position
            guard manifests.count <= 1 else {
                throw MartletError(.invalidArgument, "The file has \(manifests.count) manifests; one is allowed.")
            }
            let isNeeded = services.isEmpty
            try self.init(
                document: manifests.first?.value ?? (isNeeded ? .null : ["version": 1]),
                services,
                steps: steps,
                files: PipelineFiles(directory: directory)
            )
        } catch {
            throw YAMLPlace.locating(error, in: yaml, file: file, document: position)
        }
    }

    /// Reads one `deployments:` entry.
    ///
    /// - Throws: `invalidArgument` naming the field.
    init(deployment name: String, _ entry: JSONValue) throws(MartletError) {
        try self.init(document: ["version": 1, "deployments": .object([name: entry])], [], steps: [])
    }

    private init(
        document: JSONValue,
        _ services: [InferenceService],
        steps: [BuiltinStep],
        files: PipelineFiles = PipelineFiles(directory: nil)
    ) throws(MartletError) {
        let fields = try JSONFields(document, path: "")
        try fields.rejectUnknown(Self.known)
        guard try fields.int("version") == 1 else { throw fields.invalid("version", "must be 1") }
        sections = fields.object
        self.services = services
        datasets =
            try fields.value("data").map { section throws(MartletError) in
                try DatasetSpec.parseSection(section)
            } ?? []
        var specs: [PipelineSpec] = []
        if let section = fields.value("pipelines") {
            let whole = try files.resolve(section)
            sections["pipelines"] = whole
            specs = try PipelineSpec.parseSection(whole, steps: steps)
        }
        pipelines = specs
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

    /// Adds what a service becomes.
    ///
    /// - Throws: `invalidArgument` naming the service's field when a value does not fit.
    mutating func deploy(_ service: InferenceService, _ entry: JSONObject) throws(MartletError) {
        var section = sections["deployments"]?.objectValue ?? [:]
        guard section[service.name] == nil else {
            throw MartletError(
                .invalidArgument,
                "'metadata.name' is '\(service.name)', which the manifest declares as a deployment too."
            )
        }
        do {
            let fields = JSONFields(entry, path: "deployments.\(service.name)")
            deployments.append(try DeploymentSpec(name: service.name, fields: fields))
        } catch {
            throw service.said(error)
        }
        section[service.name] = .object(entry)
        sections["deployments"] = .object(section)
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
