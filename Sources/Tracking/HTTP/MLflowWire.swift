import Core
import HTTPSupport

/// How experiments, runs and logged models look in MLflow's JSON: absent rather than empty, 64-bit numbers as numbers.
enum MLflowWire {
    /// A number as MLflow writes it: NaN is the text `"NaN"`.
    static func number(_ value: Double) -> JSONValue {
        value.isNaN ? "NaN" : .number(value)
    }

    static func experiment(_ experiment: Experiment) -> JSONValue {
        var object: JSONObject = [
            "experiment_id": .string(experiment.id),
            "name": .string(experiment.name),
            "artifact_location": .string(experiment.artifactLocation),
            "lifecycle_stage": .string(experiment.lifecycle.rawValue),
            "last_update_time": .integer(experiment.lastUpdateTime.milliseconds),
            "creation_time": .integer(experiment.creationTime.milliseconds),
        ]
        object.setList("tags", experiment.tags.map(tag))
        return .object(object)
    }

    static func run(_ run: Run) -> JSONValue {
        var data = JSONObject()
        data.setList("metrics", run.metrics.map { metric($0) })
        data.setList("params", run.params.map { ["key": .string($0.key), "value": .string($0.value)] })
        data.setList("tags", run.tags.map(tag))
        return ["info": info(run.info), "data": .object(data), "inputs": inputs(run), "outputs": outputs(run)]
    }

    static func inputs(_ run: Run) -> JSONValue {
        var inputs = JSONObject()
        inputs.setList("dataset_inputs", run.datasets.map(dataset))
        inputs.setList("model_inputs", run.modelInputs.map { ["model_id": .string($0)] })
        return .object(inputs)
    }

    static func outputs(_ run: Run) -> JSONValue {
        var outputs = JSONObject()
        outputs.setList(
            "model_outputs",
            run.modelOutputs.map { ["model_id": .string($0.modelID), "step": .integer($0.step)] }
        )
        return .object(outputs)
    }

    static func info(_ info: RunInfo) -> JSONValue {
        var object: JSONObject = [
            "run_id": .string(info.id),
            "run_uuid": .string(info.id),
            "run_name": .string(info.name),
            "experiment_id": .string(info.experimentID),
            "user_id": .string(info.userID),
            "status": .string(info.status.rawValue),
            "start_time": .integer(info.startTime.milliseconds),
            "artifact_uri": .string(info.artifactURI),
            "lifecycle_stage": .string(info.lifecycle.rawValue),
        ]
        if let end = info.endTime { object["end_time"] = .integer(end.milliseconds) }
        return .object(object)
    }

    static func metric(_ metric: Metric, runID: String? = nil) -> JSONValue {
        var object: JSONObject = [
            "key": .string(metric.key),
            "value": number(metric.value),
            "timestamp": .integer(metric.timestamp.milliseconds),
            "step": .integer(metric.step),
        ]
        if let name = metric.datasetName { object["dataset_name"] = .string(name) }
        if let digest = metric.datasetDigest { object["dataset_digest"] = .string(digest) }
        if let model = metric.modelID { object["model_id"] = .string(model) }
        if let runID { object["run_id"] = .string(runID) }
        return .object(object)
    }

    static func tag(_ tag: Tag) -> JSONValue {
        ["key": .string(tag.key), "value": .string(tag.value)]
    }

    private static func dataset(_ input: DatasetInput) -> JSONValue {
        var dataset: JSONObject = [
            "name": .string(input.name),
            "digest": .string(input.digest),
            "source_type": .string(input.sourceType),
            "source": .string(input.source),
        ]
        if let schema = input.schema { dataset["schema"] = .string(schema) }
        if let profile = input.profile { dataset["profile"] = .string(profile) }
        var object = JSONObject()
        object.setList("tags", input.tags.map(tag))
        object["dataset"] = .object(dataset)
        return .object(object)
    }

    static func loggedModel(_ model: LoggedModel) -> JSONValue {
        var info: JSONObject = [
            "model_id": .string(model.id),
            "experiment_id": .string(model.experimentID),
            "name": .string(model.name),
            "creation_timestamp_ms": .integer(model.creationTime.milliseconds),
            "last_updated_timestamp_ms": .integer(model.lastUpdateTime.milliseconds),
            "artifact_uri": .string(model.artifactURI),
            "status": .string(statusName(model.status)),
            "model_type": .string(model.modelType),
        ]
        info["source_run_id"] = .string(model.sourceRunID ?? "")
        info.setList("tags", model.tags.map(tag))
        var data = JSONObject()
        data.setList("params", model.params.map { ["key": .string($0.key), "value": .string($0.value)] })
        data.setList("metrics", model.metrics.map { metric($0.metric, runID: $0.runID) })
        return ["info": .object(info), "data": .object(data)]
    }

    private static func statusName(_ status: LoggedModel.Status) -> String {
        loggedModelStatuses.first { $0.value == status }?.name ?? "LOGGED_MODEL_PENDING"
    }
}

/// MLflow's enums: the name, the number and what it stands for here.
extension MLflowWire {
    static let views: [(name: String, number: Int64, value: Lifecycle.View)] = [
        ("ACTIVE_ONLY", 1, .activeOnly), ("DELETED_ONLY", 2, .deletedOnly), ("ALL", 3, .all),
    ]
    static let runStatuses: [(name: String, number: Int64, value: RunStatus)] = [
        ("RUNNING", 1, .running), ("SCHEDULED", 2, .scheduled), ("FINISHED", 3, .finished), ("FAILED", 4, .failed),
        ("KILLED", 5, .killed),
    ]
    static let loggedModelStatuses: [(name: String, number: Int64, value: LoggedModel.Status)] = [
        ("LOGGED_MODEL_PENDING", 1, .pending), ("LOGGED_MODEL_READY", 2, .ready),
        ("LOGGED_MODEL_UPLOAD_FAILED", 3, .uploadFailed),
    ]
}

/// How requests are read.
extension MLflowWire {
    /// The run that a request names; old clients call the field `run_uuid`.
    static func runID(_ fields: MLflowFields) throws(MartletError) -> String {
        let (id, oldID) = (try fields.optionalString("run_id"), try fields.optionalString("run_uuid"))
        guard let id = id ?? oldID, !id.isEmpty else { throw fields.missing("run_id") }
        return id
    }

    static func metric(_ fields: MLflowFields) throws(MartletError) -> Metric {
        Metric(
            key: try fields.string("key"),
            value: try fields.double("value"),
            timestamp: Timestamp(milliseconds: try fields.int64("timestamp")),
            step: try fields.optionalInt64("step") ?? 0,
            modelID: try given(fields, "model_id"),
            datasetName: try given(fields, "dataset_name"),
            datasetDigest: try given(fields, "dataset_digest")
        )
    }

    /// A text that is there and not empty; MLflow's clients send empty texts for what is not set.
    static func given(_ fields: MLflowFields, _ name: String) throws(MartletError) -> String? {
        try fields.optionalString(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    static func param(_ fields: MLflowFields) throws(MartletError) -> Param {
        Param(key: try fields.string("key"), value: try fields.optionalString("value") ?? "")
    }

    static func tag(_ fields: MLflowFields) throws(MartletError) -> Tag {
        Tag(key: try fields.string("key"), value: try fields.optionalString("value") ?? "")
    }

    static func tags(_ fields: MLflowFields) throws(MartletError) -> [Tag] {
        var tags: [Tag] = []
        for message in try fields.messages("tags") { tags.append(try tag(message)) }
        return tags
    }

    static func params(_ fields: MLflowFields) throws(MartletError) -> [Param] {
        var params: [Param] = []
        for message in try fields.messages("params") { params.append(try param(message)) }
        return params
    }

    /// A page's size; an absent one is `fallback`.
    static func limit(_ fields: MLflowFields, default fallback: Int) throws(MartletError) -> Int {
        guard let limit = try fields.optionalInt64("max_results") else { return fallback }
        guard let value = Int32(exactly: limit) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied: It must fit 32 bits."
            )
        }
        return Int(value)
    }

    /// The token of the page before; the empty one is none.
    static func pageToken(_ fields: MLflowFields) throws(MartletError) -> String? {
        try given(fields, "page_token")
    }
}

extension JSONObject {
    /// Sets a list, or nothing if it is empty: MLflow leaves empty lists out.
    mutating func setList(_ key: String, _ values: [JSONValue]) {
        if !values.isEmpty { self[key] = .array(values) }
    }

    /// Sets the token of the next page if there is one.
    mutating func setNextPage(_ token: String?) {
        if let token { self["next_page_token"] = .string(token) }
    }
}
