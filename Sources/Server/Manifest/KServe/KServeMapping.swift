import Core

/// What became of the fields of an `InferenceService`: the entry of `martlet.yaml`, and where each part comes from.
struct KServeMapping {
    /// Which field of the service each part of the entry comes from.
    struct Origin: Sendable, Equatable {
        /// The field of the service, such as `spec.predictor.batcher.maxBatchSize`.
        let field: String
        /// The part of the entry, such as `serving.batch.max_rows`.
        let part: String
    }

    /// The entry without its model.
    private(set) var entry: JSONObject = [:]
    /// Where the parts come from.
    private(set) var origins: [Origin] = []
    /// What has no counterpart and may be left out, with the reason.
    private(set) var remarks: [String] = []

    /// Sets a part of the entry, such as `serving.batch.max_rows`.
    mutating func set(_ part: String, _ value: JSONValue, from field: String) {
        let keys = part.split(separator: ".").map(String.init)
        entry = Self.put(value, at: keys[...], in: entry)
        origins.append(Origin(field: field, part: part))
    }

    /// Says that a field does nothing here.
    mutating func remark(_ field: String, _ reason: String) {
        remarks.append("'\(field)' \(reason)")
    }

    private static func put(_ value: JSONValue, at keys: ArraySlice<String>, in object: JSONObject) -> JSONObject {
        guard let key = keys.first else { return object }
        var object = object
        let rest = keys.dropFirst()
        object[key] = rest.isEmpty ? value : .object(put(value, at: rest, in: object[key]?.objectValue ?? [:]))
        return object
    }
}
