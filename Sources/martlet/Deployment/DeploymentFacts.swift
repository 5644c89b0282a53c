import Core

/// What one deployment serves, in facts and a table of versions.
enum DeploymentFacts {
    static func write(_ deployment: JSONValue, _ session: Session) {
        let rollout = deployment["rollout"]
        var facts = Facts()
        facts.add("name", Words.text(deployment["name"]))
        facts.add("follows", "\(Words.text(deployment["spec"]?["model"]))@\(Words.text(deployment["spec"]?["alias"]))")
        facts.add("state", state(deployment))
        facts.add("serves", split(deployment))
        if let rollout {
            facts.add("rollout", "\(Words.text(rollout["state"])) since \(Words.time(rollout["started_at"]))")
            facts.add("reason", rollout["reason"]?["message"]?.stringValue)
        }
        facts.add("message", deployment["message"]?.stringValue)
        for rejected in deployment["rejected"]?.arrayValue ?? [] {
            facts.add("rejected", "version \(Words.text(rejected["version"])): \(Words.text(rejected["reason"]))")
        }
        facts.write(to: session.terminal)
        session.terminal.line()
        var versions = TextTable([
            .init(title: "VERSION", alignment: .right), .init(title: "ROLE", colour: Words.colour),
            .init(title: "TRAFFIC", alignment: .right), .init(title: "REQUESTS", alignment: .right),
            .init(title: "ERRORS", alignment: .right), .init(title: "P50", alignment: .right),
            .init(title: "P99", alignment: .right),
        ])
        for version in deployment["versions"]?.arrayValue ?? [] {
            versions.add([
                Words.text(version["version"]), Words.text(version["role"]), "\(Words.text(version["percent"])) %",
                Words.text(version["requests"]), Words.text(version["errors"]),
                microseconds(version["latency_us"]?["p50"]), microseconds(version["latency_us"]?["p99"]),
            ])
        }
        versions.write(to: session.terminal, empty: "No version is loaded.")
    }

    /// `ready`, `rolling out` or `waiting`.
    static func state(_ deployment: JSONValue) -> String {
        guard deployment["ready"]?.boolValue == true else { return "waiting" }
        return deployment["candidate_version"]?.integerValue == nil ? "ready" : "rolling out"
    }

    /// `version 3` or `version 3 (90 %), version 4 (10 %)`.
    static func split(_ deployment: JSONValue) -> String {
        guard let stable = deployment["stable_version"]?.integerValue else { return "–" }
        guard let candidate = deployment["candidate_version"]?.integerValue else { return "version \(stable)" }
        let percent = deployment["candidate_percent"]?.integerValue ?? 0
        return "version \(stable) (\(100 - percent) %), version \(candidate) (\(percent) %)"
    }

    private static func microseconds(_ value: JSONValue?) -> String {
        guard let value = value?.doubleValue else { return "–" }
        return value < 1000 ? "\(Int(value))µs" : "\(Words.number((value / 10).rounded() / 100))ms"
    }
}
