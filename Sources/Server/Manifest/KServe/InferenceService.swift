package import Core

/// A KServe `InferenceService` as a deployment: the same objects that `martlet.yaml` declares.
///
/// What has a counterpart is mapped; what only a cluster needs is left out with a remark; what would change the answers
/// or silently lose something is refused with the remedy. `docs/kserve.md` has the table.
package struct InferenceService: Sendable {
    /// The deployment's name: the service's own.
    package let name: String
    /// Where the model lies, as written.
    package let storageURI: String
    /// Where the model lies.
    package let location: ModelLocation
    /// The model's format, such as `xgboost`.
    package let format: String
    /// The `deployments:` entry without its model.
    package let entry: JSONObject
    /// What has no counterpart and is left out.
    package let remarks: [String]
    private let origins: [KServeMapping.Origin]

    /// The group and version that is read.
    static let apiVersion = "serving.kserve.io/v1beta1"
    private static let kind = "InferenceService"

    /// Whether a YAML document is a Kubernetes object and no manifest.
    static func isObject(_ document: JSONValue) -> Bool {
        document["kind"] != nil || document["apiVersion"] != nil
    }

    /// Reads one document.
    ///
    /// - Parameter document: the object.
    /// - Throws: `invalidArgument` naming the field, `unimplemented` for what Martlet does not do, with the remedy.
    package init(_ document: JSONValue) throws(MartletError) {
        let fields = try JSONFields(document)
        let kind = try fields.string("kind")
        guard kind == Self.kind else {
            throw MartletError(
                .invalidArgument,
                "'kind' is \(kind.prefix(100)): of Kubernetes' objects Martlet takes only InferenceService "
                    + "(\(Self.apiVersion)); leave the others to the cluster."
            )
        }
        let version = try fields.string("apiVersion")
        guard version == Self.apiVersion else {
            throw MartletError(
                .invalidArgument,
                "'apiVersion' is \(version.prefix(100)); Martlet reads InferenceServices of \(Self.apiVersion)."
            )
        }
        try fields.rejectUnknown(["kind", "apiVersion", "metadata", "spec", "status"])
        var mapping = KServeMapping()
        name = try Self.metadata(try fields.fields("metadata"), into: &mapping)
        let spec = try fields.fields("spec")
        let predictor = try Self.predictor(of: spec)
        let model = try KServeModel(predictor, into: &mapping)
        (storageURI, location, format) = (model.storageURI, model.location, model.format)
        try KServePredictor.read(predictor, into: &mapping)
        entry = mapping.entry
        remarks = mapping.remarks
        origins = mapping.origins
    }

    private static func metadata(_ fields: JSONFields, into mapping: inout KServeMapping) throws(MartletError) -> String
    {
        let name = try fields.string("name")
        if let namespace = try fields.optionalString("namespace") {
            mapping.remark(
                "metadata.namespace",
                "is left out: '\(namespace)' is no workspace; name one with --workspace."
            )
        }
        let plain = ["kubectl.kubernetes.io/last-applied-configuration"]
        let annotations = (try fields.optionalObject("annotations"))?.keys.filter { !plain.contains($0) } ?? []
        if !annotations.isEmpty {
            mapping.remark(
                "metadata.annotations",
                "are left out (\(annotations.sorted().joined(separator: ", "))): they speak to a cluster."
            )
        }
        return name
    }

    private static func predictor(of spec: JSONFields) throws(MartletError) -> JSONFields {
        try spec.rejectUnknown(["predictor", "transformer", "explainer", "canary"])
        if spec.value("transformer") != nil {
            throw refusal(
                spec.path(of: "transformer"),
                "is not run beside the model: put the steps into the model (an MLflow python_function), or keep the "
                    + "transformer in front of Martlet"
            )
        }
        if spec.value("explainer") != nil {
            throw refusal(
                spec.path(of: "explainer"),
                "is not run beside the model: Martlet explains predictions itself (POST /v1/models/NAME:explain); "
                    + "remove the section"
            )
        }
        if spec.value("canary") != nil {
            throw refusal(
                spec.path(of: "canary"),
                "names several candidates: use 'predictor.canaryTrafficPercent' for one, or 'traffic' of a deployment in "
                    + "martlet.yaml"
            )
        }
        return try spec.fields("predictor")
    }

    /// The error for what Martlet does not do.
    static func refusal(_ field: String, _ text: String) -> MartletError {
        MartletError(.unimplemented, "'\(field)' \(text).")
    }

    /// The whole entry for a version, as it stands in `martlet.yaml`.
    ///
    /// - Parameters:
    ///   - model: the registered model.
    ///   - selector: `alias` or `version` and its value; nil when that is not known yet.
    /// - Returns: the entry.
    package func entry(model: String, selector: (key: String, value: JSONValue)?) -> JSONObject {
        var whole: JSONObject = ["model": .string(model)]
        if let selector { whole[selector.key] = selector.value }
        for (key, value) in entry.pairs { whole[key] = value }
        return whole
    }

    /// An error about a part of the entry, said of the field that it comes from.
    func said(_ error: MartletError) -> MartletError {
        for origin in origins.sorted(by: { $0.part.count > $1.part.count }) {
            let part = "'deployments.\(name).\(origin.part)"
            guard let range = error.message.firstRange(of: part) else { continue }
            let rest = error.message[range.upperBound...]
            guard let end = rest.firstIndex(of: "'") else { continue }
            let message =
                error.message[..<range.lowerBound] + "'\(origin.field)' (\(origin.part))"
                + rest[rest.index(after: end)...]
            return MartletError(error.code, String(message), cause: error.cause)
        }
        return error
    }
}
