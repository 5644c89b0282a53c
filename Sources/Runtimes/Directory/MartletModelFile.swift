package import Core

/// The contents of `martlet.json`, which Martlet writes next to `MLmodel`.
package struct MartletModelFile: Sendable, Equatable {
    /// The file's name in a model directory.
    package static let name = "martlet.json"
    /// The version of the format, which a reader checks.
    package static let format: Int64 = 1

    /// Which library made the model.
    package var flavor: ModelFlavor
    /// The model file, relative to the directory.
    package var file: String
    /// What goes in and out.
    package var signature: ModelSignature
    /// The class names by index; empty for regression.
    package var classes: [String]
    /// The probability from which class 1 is predicted.
    package var threshold: Double
    /// The sample of training rows for drift detection, relative to the directory.
    package var reference: String?
    /// How raw columns become the model's features, relative to the directory; nil when they are that already.
    package var transform: String?
    /// The model's metrics at training time, by name.
    package var metrics: [(name: String, value: Double)]
    /// SHA-256 in lower-case hex by relative path, for every file but this one.
    package var checksums: [(path: String, sha256: String)]

    /// Makes the contents.
    package init(
        flavor: ModelFlavor,
        file: String,
        signature: ModelSignature,
        classes: [String] = [],
        threshold: Double = 0.5,
        reference: String? = nil,
        transform: String? = nil,
        metrics: [(name: String, value: Double)] = [],
        checksums: [(path: String, sha256: String)] = []
    ) {
        self.flavor = flavor
        self.file = file
        self.signature = signature
        self.classes = classes
        self.threshold = threshold
        self.reference = reference
        self.transform = transform
        self.metrics = metrics
        self.checksums = checksums
    }

    /// Reads the file.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(_ json: JSONValue) throws {
        let fields = try JSONFields(json)
        try fields.rejectUnknown([
            "format", "flavor", "file", "signature", "classes", "threshold", "reference", "transform", "metrics",
            "checksums",
        ])
        guard try fields.int("format") == Self.format else { throw fields.invalid("format", "must be \(Self.format)") }
        guard let flavor = ModelFlavor(rawValue: try fields.string("flavor")), flavor != .python else {
            throw fields.invalid("flavor", "must be xgboost, lightgbm or onnx")
        }
        self.flavor = flavor
        file = try fields.string("file")
        guard let signature = fields.value("signature") else { throw fields.invalid("signature", "is missing") }
        self.signature = try ModelSignature(json: signature)
        classes = try fields.value("classes") == nil ? [] : fields.strings("classes")
        threshold = try fields.optionalDouble("threshold") ?? 0.5
        reference = try fields.optionalString("reference")
        transform = try fields.optionalString("transform")
        metrics = try (fields.optionalObject("metrics") ?? [:]).pairs.map { key, value in
            guard let number = value.doubleValue else { throw fields.invalid("metrics", "must hold numbers") }
            return (key, number)
        }
        checksums = try (fields.optionalObject("checksums") ?? [:]).pairs.map { key, value in
            guard let sum = value.stringValue, sum.utf8.count == 64 else {
                throw fields.invalid("checksums", "must hold SHA-256 sums in hex")
            }
            return (key, sum)
        }
        guard checksums.count <= RuntimesLimits.checksummedFiles else {
            throw fields.invalid("checksums", "must list at most \(RuntimesLimits.checksummedFiles) files")
        }
    }

    /// The file as JSON.
    package var json: JSONValue {
        var object: JSONObject = [
            "format": .integer(Self.format),
            "flavor": .string(flavor.rawValue),
            "file": .string(file),
            "signature": signature.json,
            "classes": .array(classes.map { .string($0) }),
            "threshold": .number(threshold),
        ]
        if let reference { object["reference"] = .string(reference) }
        if let transform { object["transform"] = .string(transform) }
        object["metrics"] = .object(JSONObject(metrics.map { ($0.name, .number($0.value)) }))
        object["checksums"] = .object(JSONObject(checksums.map { ($0.path, .string($0.sha256)) }))
        return .object(object)
    }

    package static func == (left: MartletModelFile, right: MartletModelFile) -> Bool {
        left.json == right.json
    }
}
