import Core

/// What a predictor says beside its model: traffic, scale, batches, logging.
enum KServePredictor {
    private static let models = [
        "model", "sklearn", "xgboost", "lightgbm", "onnx", "mlflow", "tensorflow", "pytorch", "triton", "huggingface",
        "paddle", "pmml",
    ]
    private static let mapped = [
        "canaryTrafficPercent", "minReplicas", "maxReplicas", "containerConcurrency", "scaleTarget", "scaleMetric",
        "scaleMetricType", "timeout", "logger", "batcher", "autoScaling", "serviceAccountName", "workerSpec",
        "containers", "initContainers", "storageUris", "name",
    ]
    /// What a scheduler or a kubelet needs.
    private static let pod = [
        "activeDeadlineSeconds", "affinity", "annotations", "automountServiceAccountToken", "deploymentStrategy",
        "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers",
        "hostname", "hostnameOverride", "imagePullSecrets", "labels", "nodeName", "nodeSelector", "os", "overhead",
        "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources",
        "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
        "setHostnameAsFQDN", "shareProcessNamespace", "storageContainerName", "subdomain",
        "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes",
    ]

    static func read(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        try fields.rejectUnknown(models + mapped + pod)
        try refuse(fields)
        let left = fields.object.keys.filter { pod.contains($0) }.sorted()
        if !left.isEmpty {
            mapping.remark(
                fields.path,
                "says what only a cluster needs, which is left out: \(left.joined(separator: ", "))."
            )
        }
        if fields.value("serviceAccountName") != nil {
            mapping.remark(
                fields.path(of: "serviceAccountName"),
                "is left out: models are read with the server's own credentials (AWS_…)."
            )
        }
        try canary(fields, into: &mapping)
        try scale(fields, into: &mapping)
        try batcher(fields, into: &mapping)
        try logger(fields, into: &mapping)
    }

    private static func refuse(_ fields: JSONFields) throws(MartletError) {
        let remedies = [
            (
                "workerSpec",
                "spreads one model over several machines, which Martlet does not: use a model that fits one"
            ),
            (
                "containers",
                "is a container of your own, which Martlet does not run: save the model with mlflow (python_function)"
            ),
            ("initContainers", "prepares a container, which Martlet does not run: remove it"),
            ("storageUris", "names several places: write one 'storageUri' at the model"),
        ]
        for (key, remedy) in remedies where fields.value(key) != nil {
            throw InferenceService.refusal(fields.path(of: key), remedy)
        }
    }

    /// KServe gives a new revision all traffic as soon as it is ready, or this share until the field goes.
    private static func canary(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        let key = "canaryTrafficPercent"
        let field = fields.path(of: key)
        guard let percent = try fields.optionalInt(key, in: 0...100), percent < 100 else {
            mapping.set("rollout.strategy", "all_at_once", from: fields.value(key) == nil ? fields.path : field)
            return
        }
        mapping.set("rollout.strategy", "canary", from: field)
        mapping.set("rollout.steps", [["percent": .integer(percent), "confirm": true], 100], from: field)
    }

    private static func scale(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        if let minimum = try fields.optionalInt("minReplicas", in: 0...100_000) {
            mapping.set("replicas.min", .integer(minimum), from: fields.path(of: "minReplicas"))
        }
        let maximum = try fields.optionalInt("maxReplicas", in: 0...100_000) ?? 0
        if maximum > 0 { mapping.set("replicas.max", .integer(maximum), from: fields.path(of: "maxReplicas")) }
        if let calls = try fields.optionalInt("containerConcurrency", in: 0...100_000), calls > 0 {
            let all = calls.multipliedReportingOverflow(by: max(1, maximum)).partialValue
            mapping.set("serving.concurrency", .integer(all), from: fields.path(of: "containerConcurrency"))
        }
        let targets = ["scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling"].filter {
            fields.value($0) != nil
        }
        for key in targets {
            mapping.remark(
                fields.path(of: key),
                "is left out: one process serves the model, so no copies are added; 'containerConcurrency' is the limit."
            )
        }
        if let seconds = try fields.optionalInt("timeout", in: 1...86_400) {
            mapping.set("serving.timeout", .string("\(seconds)s"), from: fields.path(of: "timeout"))
        }
    }

    private static func batcher(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        guard let batcher = try fields.optionalFields("batcher") else { return }
        try batcher.rejectUnknown(["maxBatchSize", "maxLatency", "timeout"])
        if let rows = try batcher.optionalInt("maxBatchSize", in: 1...Int64(Int32.max)) {
            mapping.set("serving.batch.max_rows", .integer(rows), from: batcher.path(of: "maxBatchSize"))
        }
        if let delay = try batcher.optionalInt("maxLatency", in: 0...Int64(Int32.max)) {
            mapping.set("serving.batch.max_delay", .string("\(delay)ms"), from: batcher.path(of: "maxLatency"))
        }
        guard let seconds = try batcher.optionalInt("timeout", in: 1...86_400) else { return }
        if fields.value("timeout") == nil {
            mapping.set("serving.timeout", .string("\(seconds)s"), from: batcher.path(of: "timeout"))
        } else {
            mapping.remark(
                batcher.path(of: "timeout"),
                "is left out: '\(fields.path(of: "timeout"))' bounds the whole call."
            )
        }
    }

    /// Every prediction is in the ledger, with what went in and what came out.
    private static func logger(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) {
        guard let logger = try fields.optionalFields("logger") else { return }
        try logger.rejectUnknown([
            "mode", "url", "storage", "metadataHeaders", "metadataAnnotations", "batchSize", "batchInterval",
            "marshallerUrl",
        ])
        let mode = try logger.optionalString("mode") ?? "all"
        guard ["all", "request", "response"].contains(mode) else {
            throw logger.invalid("mode", "must be 'all', 'request' or 'response'")
        }
        mapping.set("ledger.sampling", 1, from: logger.path(of: "mode"))
        if mode != "all" {
            mapping.remark(
                logger.path(of: "mode"),
                "is '\(mode)', but the ledger keeps requests and answers together; 'ledger.redact' leaves columns out."
            )
        }
        for key in ["url", "storage", "marshallerUrl"] where logger.value(key) != nil {
            mapping.remark(
                logger.path(of: key),
                "gets no copies: what was asked and answered is in the ledger, for `martlet ledger query` and `export`."
            )
        }
        for key in ["metadataHeaders", "metadataAnnotations", "batchSize", "batchInterval"]
        where logger.value(key) != nil {
            mapping.remark(logger.path(of: key), "is left out: the ledger has its own form.")
        }
    }
}
