import Core

/// The parts of the inference protocols that are the same for every model.
enum InferenceSchemas {
    /// `components.schemas`.
    static let components: JSONValue = [
        "Error": [
            "type": "object", "required": ["error"],
            "description": "What went wrong, as KServe V1 and Open Inference V2 say it.",
            "properties": ["error": ["type": "string"]],
        ],
        "MartletError": [
            "type": "object", "required": ["error"],
            "properties": [
                "error": [
                    "type": "object", "required": ["code", "message"],
                    "properties": ["code": ["type": "string"], "message": ["type": "string"]],
                ],
                "request_id": ["type": "string"],
            ],
        ],
        "MLflowError": [
            "type": "object", "required": ["error_code", "message"],
            "properties": ["error_code": ["type": "string"], "message": ["type": "string"]],
        ],
        "Prediction": [
            "type": "object", "required": ["drift_detected", "model", "model_version", "deployment", "request_id"],
            "properties": [
                "prediction": ["type": ["number", "integer"]], "label": ["type": "string"],
                "probability": ["type": "number"], "predictions": ["description": "One for each row."],
                "drift_detected": ["type": "boolean"],
                "drift": [
                    "type": "object", "description": "What the monitor found last; absent before it has evaluated.",
                    "properties": [
                        "score": ["type": "number"], "p_value": ["type": "number"], "window": ["type": "integer"],
                        "detector": ["type": "string"], "monitor": ["type": "string"], "since": ["type": "integer"],
                    ],
                ],
                "model": ["type": "string"],
                "model_version": ["type": "string"], "deployment": ["type": "string"],
                "request_id": ["type": "string"],
            ],
        ],
        "Predictions": [
            "type": "object", "required": ["predictions"],
            "properties": ["predictions": ["description": "One for each row."]],
        ],
        "V2Tensor": [
            "type": "object", "required": ["name", "shape", "datatype"],
            "properties": [
                "name": ["type": "string"], "shape": ["type": "array", "items": ["type": "integer"]],
                "datatype": ["type": "string"], "parameters": ["type": "object"],
                "data": ["type": "array", "description": "Absent when the tensor follows as binary data."],
            ],
        ],
        "V2Response": [
            "type": "object", "required": ["model_name", "model_version", "id", "outputs"],
            "properties": [
                "model_name": ["type": "string"], "model_version": ["type": "string"], "id": ["type": "string"],
                "parameters": ["type": "object"],
                "outputs": ["type": "array", "items": ["$ref": "#/components/schemas/V2Tensor"]],
            ],
        ],
        "Explanations": [
            "type": "object", "required": ["explanations", "features", "method"],
            "properties": [
                "explanations": ["type": "array", "items": ["type": "object"]],
                "features": ["type": "array", "items": ["type": "string"]], "method": ["type": "string"],
            ],
        ],
    ]

    /// What the body of a request for predictions of any model may be, for paths that name no deployment.
    static let anyObject: JSONValue = ["type": "object"]

    /// The schema's name and the media type of an error.
    static func error(_ path: String, _ shape: ErrorKind) -> JSONValue {
        let schema: JSONValue
        switch shape {
        case .inference: schema = ["$ref": "#/components/schemas/Error"]
        case .martlet: schema = ["$ref": "#/components/schemas/MartletError"]
        case .mlflow: schema = ["$ref": "#/components/schemas/MLflowError"]
        case .page: return ["text/html": ["schema": ["type": "string"]]]
        }
        // MLflow's scoring server names a wrong media type in plain text.
        guard path.hasSuffix("/invocations") else { return ["application/json": ["schema": schema]] }
        return ["application/json": ["schema": schema], "text/plain": ["schema": ["type": "string"]]]
    }

    /// The shapes of errors that there are.
    enum ErrorKind {
        case martlet, mlflow, inference, page
    }

    /// The refusals that a request for predictions may get, each with its reason.
    static let refusals: [(status: String, reason: String)] = [
        ("400", "The body does not fit the model; the message names what was expected and received."),
        ("404", "There is no such deployment or version."),
        ("413", "The body, or the number of its rows or values, is too large."),
        ("415", "The media type or the compression is not read."),
        ("429", "Too many requests wait; see Retry-After."),
        ("501", "What is asked for is not implemented; the message says what."),
        ("503", "No version is ready, or the server is overloaded; see Retry-After."),
        ("504", "The answer was not there before the deadline."),
    ]
}
