import Core

/// The model of a predictor: `model:` or one of the older `sklearn:`, `xgboost:`, ….
struct KServeModel {
    let storageURI: String
    let location: ModelLocation
    let format: String

    /// The formats that Martlet serves, and by what.
    private static let formats: [String: String] = [
        "xgboost": "in the server itself", "lightgbm": "in the server itself", "onnx": "in the server itself",
        "sklearn": "by a Python worker, from a folder that mlflow saved",
        "mlflow": "by what its flavors say",
    ]
    /// The formats that KServe knows beside them.
    private static let foreign = ["tensorflow", "pytorch", "triton", "huggingface", "paddle", "pmml"]
    private static let keys = [
        "modelFormat", "storageUri", "storage", "runtime", "runtimeVersion", "protocolVersion", "resources", "name",
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports",
        "readinessProbe", "resizePolicy", "restartPolicy", "restartPolicyRules", "securityContext", "startupProbe",
        "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices",
        "volumeMounts", "workingDir", "confidential",
    ]
    /// What would change what the container does.
    private static let behaviour = ["args", "command", "env", "envFrom", "image", "confidential"]

    init(_ predictor: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        let (fields, format) = try Self.model(of: predictor)
        self.format = format
        try fields.rejectUnknown(Self.keys)
        for key in Self.behaviour where fields.value(key) != nil {
            throw InferenceService.refusal(
                fields.path(of: key),
                "is for a container, and Martlet runs the model without one: remove it"
            )
        }
        try Self.checkProtocol(fields)
        if let runtime = try fields.optionalString("runtime") {
            mapping.remark(
                fields.path(of: "runtime"),
                "is left out: the model's own files say what runs it ('\(runtime)' is not asked)."
            )
        }
        let pod = fields.object.keys.filter { key in
            !["modelFormat", "storageUri", "storage", "runtime", "protocolVersion", "resources"].contains(key)
        }
        if !pod.isEmpty {
            mapping.remark(
                fields.path,
                "says what only a container needs, which is left out: \(pod.sorted().joined(separator: ", "))."
            )
        }
        storageURI = try Self.storage(fields)
        location = try Self.location(storageURI, field: fields.path(of: "storageUri"))
        try Self.resources(fields, into: &mapping)
    }

    private static func model(of predictor: JSONFields) throws(MartletError) -> (JSONFields, String) {
        let named = (Array(formats.keys) + foreign).sorted().filter { predictor.value($0) != nil }
        guard named.count + (predictor.value("model") == nil ? 0 : 1) <= 1 else {
            throw MartletError(
                .invalidArgument,
                "'\(predictor.path)' has more than one model; it must have exactly one."
            )
        }
        let fields: JSONFields
        let format: String
        if let name = named.first {
            (fields, format) = (try predictor.fields(name), name)
        } else {
            fields = try predictor.fields("model")
            format = try fields.fields("modelFormat").string("name").lowercased()
        }
        guard formats[format] != nil else {
            let field = named.isEmpty ? fields.path(of: "modelFormat.name") : fields.path
            throw InferenceService.refusal(
                field,
                "is '\(format.prefix(100))', which Martlet does not run: convert the model to ONNX, or save it with mlflow "
                    + "(formats: \(formats.keys.sorted().joined(separator: ", ")))"
            )
        }
        return (fields, format)
    }

    private static func checkProtocol(_ fields: JSONFields) throws(MartletError) {
        guard let version = try fields.optionalString("protocolVersion") else { return }
        // Every deployment speaks all of them.
        guard ["v1", "v2", "grpc-v2"].contains(version) else {
            throw InferenceService.refusal(
                fields.path(of: "protocolVersion"),
                "is '\(version.prefix(100))'; Martlet speaks v1, v2 and grpc-v2, all at once"
            )
        }
    }

    private static func storage(_ fields: JSONFields) throws(MartletError) -> String {
        if let uri = try fields.optionalString("storageUri") { return uri }
        guard let storage = try fields.optionalFields("storage") else {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "storageUri"))' is missing.")
        }
        let parameters = try storage.optionalFields("parameters")
        guard try parameters?.optionalString("type") == "s3", let bucket = try parameters?.optionalString("bucket")
        else {
            throw InferenceService.refusal(
                storage.path,
                "names a secret of the cluster: write 'storageUri: s3://BUCKET/PREFIX', and give the server the "
                    + "credentials (AWS_…)"
            )
        }
        let path = try storage.optionalString("path") ?? ""
        return "s3://\(bucket)/\(path)"
    }

    /// The remedies for the places that Martlet does not read.
    private static let remedies: [(scheme: String, remedy: String)] = [
        ("pvc://", "mount the volume below the directory that --files names and write file:///PATH"),
        ("gs://", "copy the model to an S3 bucket or register it (mlflow, runs:/RUN/PATH)"),
        ("hf://", "log the model with mlflow and write models:/NAME@ALIAS"),
        ("oci://", "log the model with mlflow and write models:/NAME@ALIAS"),
        ("hdfs://", "copy the model to an S3 bucket or register it (mlflow, runs:/RUN/PATH)"),
        ("webhdfs://", "copy the model to an S3 bucket or register it (mlflow, runs:/RUN/PATH)"),
        ("abfs://", "copy the model to an S3 bucket or register it (mlflow, runs:/RUN/PATH)"),
        ("https://", "download the model and register it (martlet model register, or mlflow)"),
        ("http://", "download the model and register it (martlet model register, or mlflow)"),
    ]

    private static func location(_ uri: String, field: String) throws(MartletError) -> ModelLocation {
        for (scheme, remedy) in remedies where uri.lowercased().hasPrefix(scheme) {
            throw InferenceService.refusal(
                field,
                "is '\(uri.prefix(200))', and Martlet reads no \(scheme.dropLast(3)) addresses: \(remedy)"
            )
        }
        do throws(MartletError) {
            let location = try ModelLocation(uri)
            if case .local = location, !uri.hasPrefix("file:") {
                throw MartletError(.invalidArgument, "'\(uri.prefix(200))' has no scheme.")
            }
            return location
        } catch {
            throw MartletError(error.code, "'\(field)': \(error.message)", cause: error.cause)
        }
    }

    private static func resources(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        guard let resources = try fields.optionalFields("resources") else { return }
        let limits = try resources.optionalFields("limits")
        for name in (limits?.object.keys ?? []) + ((try resources.optionalObject("requests"))?.keys ?? [])
        where name.contains("gpu") || name.contains("/") {
            throw InferenceService.refusal(
                resources.path,
                "asks for '\(name.prefix(100))'; Martlet serves models on the processor: remove it"
            )
        }
        if let limits, let memory = limits.value("memory") {
            let field = limits.path(of: "memory")
            guard let bytes = KServeQuantity.bytes(memory) else {
                throw limits.invalid("memory", "must be a quantity such as 512Mi or 2Gi")
            }
            mapping.set("serving.python.memory", .int(bytes), from: field)
        }
        if let limits, let processors = limits.value("cpu") {
            guard let count = KServeQuantity.processors(processors) else {
                throw limits.invalid("cpu", "must be a quantity such as 500m or 2")
            }
            mapping.set("serving.threads", .int(count), from: limits.path(of: "cpu"))
        }
        if resources.value("requests") != nil {
            mapping.remark(resources.path(of: "requests"), "are left out: nothing is scheduled here; 'limits' count.")
        }
    }
}
