import Core

/// A deployment as the storyline sees it.
struct DemoDeployment: Sendable {
    /// The trusted version; nil before the first is loaded.
    let stable: Int?
    /// The version on its way up.
    let candidate: Int?
    /// Why versions were rejected, by version.
    let rejections: [Int: String]
    /// The candidate's share of the traffic, 0…100.
    let percent: Int
    private let evidence: String

    /// Reads the API's answer.
    init(_ answer: JSONValue) throws(MartletError) {
        let fields = try JSONFields(answer)
        stable = try fields.optionalInt("stable_version").flatMap { Int(exactly: $0) }
        candidate = try fields.optionalInt("candidate_version").flatMap { Int(exactly: $0) }
        percent = try fields.optionalInt("candidate_percent").flatMap { Int(exactly: $0) } ?? 0
        var rejections: [Int: String] = [:]
        for value in try fields.optionalArray("rejected") ?? [] {
            let rejected = try JSONFields(value)
            guard let version = Int(exactly: try rejected.int("version")) else { continue }
            rejections[version] = try rejected.string("reason")
        }
        self.rejections = rejections
        let checks = answer["rollout"]?["checks"]?.arrayValue ?? []
        evidence = checks.compactMap { check in
            guard let name = check["check"]?.stringValue, let outcome = check["outcome"]?.stringValue else {
                return nil
            }
            return "\(name): \(outcome)"
        }.joined(separator: ", ")
    }

    /// The canary as a bar: how much of the traffic the candidate has, and what the checks say.
    var bar: DemoScreen.Bar {
        guard let candidate else { return DemoScreen.Bar(name: "canary", fraction: 0, message: "no candidate") }
        return DemoScreen.Bar(name: "canary v\(candidate)", fraction: Double(percent) / 100, message: evidence)
    }
}
