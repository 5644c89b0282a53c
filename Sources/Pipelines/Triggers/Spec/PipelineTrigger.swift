package import Core
import Schedules

/// What starts a pipeline by itself, as the manifest declares it under `triggers:` of the pipeline.
package struct PipelineTrigger: Sendable, Equatable {
    /// The name, unique in the pipeline.
    package let name: String
    /// What makes it fire.
    package let kind: TriggerKind
    /// Values for the pipeline's parameters, with templates on the time or the event.
    package let parameters: JSONObject
    /// The priority of the runs that it starts, instead of their pipeline's; higher ones go first.
    package let priority: Int?
    /// The declaration as it was written, for comparing and rendering.
    package let document: JSONObject

    private static let kinds = ["cron", "interval", "dataset", "model", "drift", "webhook", "event", "manual"]

    /// Reads the section `triggers:` of a pipeline.
    ///
    /// - Parameters:
    ///   - section: The section: triggers by name.
    ///   - declared: The names of the pipeline's parameters.
    /// - Returns: The triggers in the order of the file.
    /// - Throws: `invalidArgument` naming the trigger and the field.
    package static func parseSection(
        _ section: JSONFields,
        declared: [String]
    ) throws(MartletError) -> [PipelineTrigger] {
        guard section.object.count <= TriggerLimits.triggers else {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' declares \(section.object.count) triggers; at most \(TriggerLimits.triggers) are accepted."
            )
        }
        var specs: [PipelineTrigger] = []
        for name in section.object.keys {
            try PipelineName.require(name, path: section.path(of: name))
            let spec = try parse(name, try section.fields(name))
            let parameters = JSONFields(spec.parameters, path: section.path(of: "\(name).parameters"))
            try parameters.rejectUnknown(declared)
            specs.append(spec)
        }
        return specs
    }

    /// Reads one trigger.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - fields: Its declaration.
    /// - Returns: The trigger.
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ name: String, _ fields: JSONFields) throws(MartletError) -> PipelineTrigger {
        try fields.rejectUnknown(kinds + ["parameters", "priority"])
        let found = kinds.filter { fields.value($0) != nil }
        guard let key = found.first, found.count == 1 else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' needs exactly one of \(kinds.joined(separator: ", "))"
                    + (found.isEmpty ? "." : ", but has \(found.joined(separator: " and ")).")
            )
        }
        let kind = try TriggerKindReader(fields: fields, key: key).kind()
        let parameters = try fields.optionalObject("parameters") ?? [:]
        try TriggerTemplate.check(.object(parameters), of: kind, path: fields.path(of: "parameters"))
        return PipelineTrigger(
            name: name,
            kind: kind,
            parameters: parameters,
            priority: try fields.optionalInt("priority", in: PipelinesLimits.priorities).map { Int($0) },
            document: fields.object
        )
    }
}
