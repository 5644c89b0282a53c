package import Core
import HTTPSupport

/// How traces and assessments look in MLflow's JSON.
package enum TraceWire {
    // MARK: traces, version 3

    /// The description of a trace as replies carry it.
    package static func info(_ info: TraceInfo) -> JSONValue {
        var object: JSONObject = [
            "trace_id": .string(info.id),
            "trace_location": [
                "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": ["experiment_id": .string(info.experimentID)],
            ],
        ]
        object["client_request_id"] = info.clientRequestID.map(JSONValue.string)
        object["request_preview"] = info.requestPreview.map(JSONValue.string)
        object["response_preview"] = info.responsePreview.map(JSONValue.string)
        object["request_time"] = .string(info.requestTime.iso8601)
        object["execution_duration"] = info.duration.map { .string(TraceTimes.text(milliseconds: $0)) }
        object["state"] = .string(info.state.rawValue)
        object["trace_metadata"] = map(info.metadata, TracesLimits.shownMetadataCharacters)
        object["assessments"] = info.assessments.isEmpty ? nil : .array(info.assessments.map(assessment))
        object["tags"] = map(info.tags, TracesLimits.shownTagCharacters)
        return .object(object)
    }

    private static func map(_ pairs: [TracePair], _ limit: Int) -> JSONValue? {
        guard !pairs.isEmpty else { return nil }
        return .object(JSONObject(pairs.map { ($0.key, .string(TraceRules.cut($0.value, limit))) }))
    }

    static func trace(_ trace: Trace) -> JSONValue {
        var object: JSONObject = ["trace_info": info(trace.info)]
        if !trace.spans.isEmpty { object["spans"] = .array(trace.spans.map(\.wire)) }
        return .object(object)
    }

    /// Reads the description of a trace.
    static func info(_ fields: MLflowFields) throws(MartletError) -> TraceInfo {
        let location = try fields.optionalMessage("trace_location")?.optionalMessage("mlflow_experiment")
        guard let location else { throw fields.missing("trace_location.mlflow_experiment.experiment_id") }
        let id = try fields.string("trace_id")
        var assessments: [TraceAssessment] = []
        for message in try fields.messages("assessments") {
            assessments.append(try assessment(message, traceID: id))
        }
        return TraceInfo(
            id: id,
            experimentID: try location.string("experiment_id"),
            requestTime: try timestamp(fields, "request_time") ?? Timestamp(milliseconds: 0),
            duration: try duration(fields, "execution_duration"),
            state: try fields.optionalEnum("state", states) ?? .unspecified,
            clientRequestID: try fields.optionalString("client_request_id"),
            requestPreview: try fields.optionalString("request_preview"),
            responsePreview: try fields.optionalString("response_preview"),
            metadata: try pairs(fields, "trace_metadata"),
            tags: try pairs(fields, "tags"),
            assessments: assessments
        )
    }

    static let states: [(name: String, number: Int64, value: TraceState)] = [
        ("STATE_UNSPECIFIED", 0, .unspecified), ("OK", 1, .ok), ("ERROR", 2, .error), ("IN_PROGRESS", 3, .inProgress),
    ]

    /// A moment, or nil if absent.
    static func timestamp(_ fields: MLflowFields, _ name: String) throws(MartletError) -> Timestamp? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let time = TraceTimes.timestamp(text) else {
            throw fields.invalid(name, .string(text), "Value must be a time such as 2026-11-21T08:32:19.590Z.")
        }
        return time
    }

    private static func duration(_ fields: MLflowFields, _ name: String) throws(MartletError) -> Int64? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let duration = TraceTimes.milliseconds(text) else {
            throw fields.invalid(name, .string(text), "Value must be a duration such as 1.5s.")
        }
        return duration
    }

    /// The entries of a map of texts, sorted by key.
    static func pairs(_ fields: MLflowFields, _ name: String) throws(MartletError) -> [TracePair] {
        guard let message = try fields.optionalMessage(name) else { return [] }
        var pairs: [TracePair] = []
        for member in message.object.pairs {
            guard let text = member.value.stringValue else {
                throw fields.invalid("\(name).\(member.key)", member.value, "Value must be a string.")
            }
            pairs.append(TracePair(key: member.key, value: text))
        }
        return pairs.sorted { $0.key < $1.key }
    }

    // MARK: traces, version 2

    static func oldInfo(_ info: TraceInfo) -> JSONValue {
        var object: JSONObject = [
            "request_id": .string(info.id), "experiment_id": .string(info.experimentID),
            "timestamp_ms": .integer(info.requestTime.milliseconds),
            "execution_time_ms": .integer(info.duration ?? 0),
            "status": .string(info.state == .unspecified ? "TRACE_STATUS_UNSPECIFIED" : info.state.rawValue),
        ]
        object["request_metadata"] = list(info.metadata, TracesLimits.shownMetadataCharacters)
        object["tags"] = list(info.tags, TracesLimits.shownTagCharacters)
        return .object(object)
    }

    static let oldStates: [(name: String, number: Int64, value: TraceState)] = [
        ("TRACE_STATUS_UNSPECIFIED", 0, .unspecified), ("OK", 1, .ok), ("ERROR", 2, .error),
        ("IN_PROGRESS", 3, .inProgress),
    ]

    private static func list(_ pairs: [TracePair], _ limit: Int) -> JSONValue? {
        guard !pairs.isEmpty else { return nil }
        return .array(
            pairs.map { ["key": .string($0.key), "value": .string(TraceRules.cut($0.value, limit))] }
        )
    }

    /// A list of keys and values, sorted by key; a repeated key has its last value.
    static func oldPairs(_ fields: MLflowFields, _ name: String) throws(MartletError) -> [TracePair] {
        var values: [String: String] = [:]
        for message in try fields.messages(name) {
            values[try message.string("key")] = try message.optionalString("value") ?? ""
        }
        return values.map { TracePair(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
    }

    // MARK: assessments

    static func assessment(_ assessment: TraceAssessment) -> JSONValue {
        var object: JSONObject = [
            "assessment_id": .string(assessment.id), "assessment_name": .string(assessment.name),
            "trace_id": .string(assessment.traceID),
        ]
        object["span_id"] = assessment.spanID.map(JSONValue.string)
        var source: JSONObject = ["source_type": .string(assessment.sourceType.rawValue)]
        source["source_id"] = assessment.sourceID.map(JSONValue.string)
        object["source"] = .object(source)
        object["create_time"] = assessment.created.map { .string($0.iso8601) }
        object["last_update_time"] = assessment.updated.map { .string($0.iso8601) }
        switch assessment.kind {
        case .feedback:
            var feedback: JSONObject = ["value": assessment.value]
            feedback["error"] = assessment.error.map(JSONValue.object)
            object["feedback"] = .object(feedback)
        case .expectation:
            switch assessment.value {
            case .array, .object:
                let text = JSONValue.string(AttributeText.json(assessment.value))
                object["expectation"] = ["serialized_value": ["serialization_format": "JSON_FORMAT", "value": text]]
            default: object["expectation"] = ["value": assessment.value]
            }
        case .issue: object["issue"] = ["issue_name": assessment.value["issue_name"] ?? ""]
        }
        object["rationale"] = assessment.rationale.map(JSONValue.string)
        object["metadata"] = map(assessment.metadata, TracesLimits.assessmentTextCharacters)
        object["overrides"] = assessment.overrides.map(JSONValue.string)
        object["valid"] = .bool(assessment.isValid)
        return .object(object)
    }

    /// Reads an assessment.
    static func assessment(_ fields: MLflowFields, traceID: String) throws(MartletError) -> TraceAssessment {
        let verdict = try verdict(fields)
        let source = try fields.optionalMessage("source")
        return TraceAssessment(
            id: try fields.optionalString("assessment_id") ?? "",
            traceID: traceID,
            name: try fields.string("assessment_name"),
            kind: verdict.kind,
            value: verdict.value,
            error: verdict.error,
            sourceType: try source?.optionalEnum("source_type", sources) ?? .unspecified,
            sourceID: try text(source, "source_id"),
            created: try timestamp(fields, "create_time"),
            updated: try timestamp(fields, "last_update_time"),
            spanID: try text(fields, "span_id"),
            rationale: try text(fields, "rationale"),
            overrides: try text(fields, "overrides"),
            isValid: try fields.optionalBool("valid") ?? true,
            metadata: try pairs(fields, "metadata")
        )
    }

    private static let sources: [(name: String, number: Int64, value: TraceAssessment.SourceType)] = [
        ("SOURCE_TYPE_UNSPECIFIED", 0, .unspecified), ("HUMAN", 1, .human), ("LLM_JUDGE", 2, .judge),
        ("CODE", 3, .code),
        ("AI_JUDGE", 2, .judge),
    ]

    private static func text(_ fields: MLflowFields?, _ name: String) throws(MartletError) -> String? {
        guard let text = try fields?.optionalString(name), !text.isEmpty else { return nil }
        return text
    }

    /// What an assessment says: exactly one of feedback, expectation and issue.
    private static func verdict(
        _ fields: MLflowFields
    ) throws(MartletError) -> (kind: TraceAssessment.Kind, value: JSONValue, error: JSONObject?) {
        var given: [String] = []
        for name in ["feedback", "expectation", "issue"] where try fields.has(name) { given.append(name) }
        guard given.count == 1 else {
            throw MartletError(
                .invalidArgument,
                given.isEmpty
                    ? "Unknown assessment type: None. One of feedback, expectation and issue must be given."
                    : "An assessment has one of \(given.joined(separator: " and ")), not both."
            )
        }
        if let feedback = try feedback(fields) { return (.feedback, feedback.value, feedback.error) }
        if let expectation = try expectation(fields) { return (.expectation, expectation, nil) }
        let issue = try fields.optionalMessage("issue")?.string("issue_name") ?? ""
        return (.issue, ["issue_name": .string(issue)], nil)
    }

    /// The verdict of feedback, and the error if there is one instead; nil if the field is absent.
    static func feedback(_ fields: MLflowFields) throws(MartletError) -> (value: JSONValue, error: JSONObject?)? {
        guard let message = try fields.optionalMessage("feedback") else { return nil }
        var error: JSONObject?
        if let sent = try message.optionalMessage("error") {
            var object = JSONObject()
            for name in ["error_code", "error_message", "stack_trace"] {
                object[name] = try sent.optionalString(name).map(JSONValue.string)
            }
            error = object
        }
        return (try plain(message.object["value"] ?? .null, message), error)
    }

    /// The expected value; nil if the field is absent.
    static func expectation(_ fields: MLflowFields) throws(MartletError) -> JSONValue? {
        guard let message = try fields.optionalMessage("expectation") else { return nil }
        let value: JSONValue
        if let serialized = try message.optionalMessage("serialized_value") {
            let format = try serialized.optionalString("serialization_format") ?? ""
            guard format == "JSON_FORMAT" else {
                throw MartletError(
                    .invalidArgument,
                    "Unknown serialization format: \(format.prefix(80)). Only JSON_FORMAT is supported."
                )
            }
            let text = try serialized.string("value")
            guard let parsed = AttributeText.parse(text) else {
                throw serialized.invalid("value", .string(text), "Value must be JSON.")
            }
            value = parsed
        } else {
            value = try plain(message.object["value"] ?? .null, message)
        }
        guard value != .null else {
            throw MartletError(.invalidArgument, "The `value` field must be specified.")
        }
        return value
    }

    /// A value as protobuf's `Value` carries it: numbers are doubles, whole ones are shown without a fraction.
    private static func plain(_ value: JSONValue, _ fields: MLflowFields) throws(MartletError) -> JSONValue {
        guard case .number(let number) = value else { return value }
        guard number.isFinite else { throw fields.invalid("value", value, "Value must be a finite number.") }
        return Int64(exactly: number).map(JSONValue.integer) ?? value
    }
}
