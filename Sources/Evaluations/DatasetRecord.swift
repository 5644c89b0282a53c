import Core

/// A record as a client sends it: inputs, and what is known and expected of the answer to them.
struct DatasetRecord: Sendable {
    /// What identifies the record in its dataset.
    let inputs: JSONObject
    /// The answer; absent, null or any value.
    let outputs: JSONValue?
    /// What a good answer has.
    let expectations: JSONObject?
    /// Keys and texts.
    let tags: JSONObject?
    /// Where it came from: `source_type` and `source_data`.
    let source: JSONObject?

    /// The kinds of source that MLflow knows.
    private static let sourceTypes = ["UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"]

    /// Reads the records that a text field holds.
    ///
    /// - Throws: `invalidArgument` naming the record and its field.
    static func records(_ text: String) throws(MartletError) -> [DatasetRecord] {
        guard let elements = try EvaluationText.parse(text, field: "records").arrayValue else {
            throw MartletError(.invalidArgument, "records must be a JSON array of objects.")
        }
        guard elements.count <= EvaluationsLimits.records else {
            throw MartletError(
                .invalidArgument,
                "At most \(EvaluationsLimits.records) records can be sent at once, not \(elements.count)."
            )
        }
        var records: [DatasetRecord] = []
        records.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() { records.append(try DatasetRecord(element, index)) }
        return records
    }

    private init(_ value: JSONValue, _ index: Int) throws(MartletError) {
        guard let object = value.objectValue else { throw Self.invalid(index, nil, "it must be a JSON object") }
        func member(_ name: String) throws(MartletError) -> JSONObject? {
            guard let value = object[name], value != .null else { return nil }
            guard let member = value.objectValue else { throw Self.invalid(index, name, "it must be a JSON object") }
            return member
        }
        inputs = try member("inputs") ?? [:]
        outputs = object["outputs"]
        expectations = try member("expectations")
        tags = try member("tags")
        guard let source = try member("source") else {
            source = nil
            return
        }
        let type = source["source_type"]?.stringValue?.uppercased() ?? "UNSPECIFIED"
        guard Self.sourceTypes.contains(type) else {
            throw Self.invalid(
                index,
                "source.source_type",
                "Invalid dataset record source type: \(type.prefix(40)). Valid source types: \(Self.sourceTypes)"
            )
        }
        self.source = ["source_type": .string(type), "source_data": source["source_data"] ?? [:]]
    }

    /// Who made or changed it, if it says so.
    var user: String? { tags?["mlflow.user"]?.stringValue }

    /// The kind of its source.
    var sourceType: String? { source?["source_type"]?.stringValue }

    /// The id of its source: of the trace, or of what the source names.
    var sourceID: String? {
        source?["source_data"]?[sourceType == "TRACE" ? "trace_id" : "source_id"]?.stringValue
    }

    private static func invalid(_ index: Int, _ field: String?, _ reason: String) -> MartletError {
        let name = "records[\(index)]" + (field.map { ".\($0)" } ?? "")
        return MartletError(.invalidArgument, "Invalid value for parameter '\(name)' supplied: \(reason).")
    }
}

/// Which fields the records of a dataset have, and of what kind.
enum DatasetSchema {
    /// The schema with the fields of more records; nil if there is nothing to tell.
    static func adding(_ records: [DatasetRecord], to known: JSONObject?) -> JSONObject? {
        guard known != nil || !records.isEmpty else { return nil }
        var schema: JSONObject = known ?? ["inputs": [:], "outputs": [:], "expectations": [:], "version": "1.0"]
        for record in records {
            add(record.inputs, to: "inputs", of: &schema)
            switch record.outputs {
            case nil, .null: break
            case .object(let outputs): add(outputs, to: "outputs", of: &schema)
            case let value?:
                if schema["outputs"]?.objectValue?.isEmpty == true { schema["outputs"] = .string(kind(value)) }
            }
            if let expectations = record.expectations { add(expectations, to: "expectations", of: &schema) }
        }
        return schema
    }

    private static func add(_ members: JSONObject, to part: String, of schema: inout JSONObject) {
        guard var fields = schema[part]?.objectValue else { return }
        for (key, value) in members.pairs where fields[key] == nil { fields[key] = .string(kind(value)) }
        schema[part] = .object(fields)
    }

    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "float"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
