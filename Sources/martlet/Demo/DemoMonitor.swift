import Core

/// A monitor as the storyline sees it.
struct DemoMonitor: Sendable {
    /// `collecting`, `ok`, `warning`, `drift` or `recovered`.
    let state: String
    /// Whether drift is established.
    let isDrifted: Bool
    /// The version whose reference is in use.
    let reference: String?
    private let pValue: Double?
    private let features: [String]

    /// Reads the API's answer.
    init(_ answer: JSONValue) throws(MartletError) {
        let fields = try JSONFields(answer)
        state = try fields.string("state")
        isDrifted = try fields.optionalBool("detected") ?? false
        reference = try fields.optionalString("reference_version")
        pValue = try fields.optionalDouble("p_value")
        features = try fields.strings("drifted_features")
    }

    /// Whether the last evaluations found nothing.
    var isClear: Bool {
        state == "ok" || state == "recovered"
    }

    /// The finding in words.
    var summary: String {
        let test = pValue.map { $0 == 0 ? "MMD p < 0.01" : "MMD p = \(DemoFormat.metric($0))" } ?? "MMD"
        return "\(test), \(features.count) features differ" + (features.first.map { " (\($0), …)" } ?? "")
    }
}
