import Core

/// What one deployment serves, in facts and a table of versions.
enum DeploymentFacts {
    static func write(_ deployment: JSONValue, _ session: Session) {
        let rollout = deployment["rollout"]
        var facts = Facts()
        facts.add("name", Words.text(deployment["name"]))
        facts.add("follows", follows(deployment))
        facts.add("state", state(deployment))
        facts.add("serves", split(deployment))
        for line in routing(deployment) { facts.add("traffic", line) }
        if let rollout {
            facts.add("rollout", "\(Words.text(rollout["state"])) since \(Words.time(rollout["started_at"]))")
            facts.add("reason", rollout["reason"]?["message"]?.stringValue)
            facts.add("waits for", deployment["waits_for"]?.stringValue)
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

    /// Deployments, each in one line.
    static func table(_ deployments: [JSONValue]) -> TextTable {
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "FOLLOWS"),
            .init(title: "STATE", colour: Words.colour), .init(title: "SERVES"),
            .init(title: "LAST ROLLOUT", colour: Words.colour), .init(title: "MESSAGE"),
        ])
        for deployment in deployments {
            table.add([
                Words.text(deployment["name"]), follows(deployment), state(deployment), split(deployment),
                Words.text(deployment["rollout"]?["state"]),
                Words.text(deployment["waits_for"] ?? deployment["message"]),
            ])
        }
        return table
    }

    /// `cancer@production` or `cancer/3`.
    static func follows(_ deployment: JSONValue) -> String {
        let spec = deployment["spec"]
        let model = Words.text(spec?["model"])
        if let version = spec?["version"]?.integerValue { return "\(model)/\(version)" }
        return "\(model)@\(Words.text(spec?["alias"]))"
    }

    /// Who is sent elsewhere, and who only listens.
    private static func routing(_ deployment: JSONValue) -> [String] {
        let traffic = deployment["traffic"]
        var lines: [String] = []
        for route in traffic?["routes"]?.arrayValue ?? [] {
            let value =
                route["equals"].map { " = \(Words.text($0))" } ?? route["prefix"].map { " = \(Words.text($0))…" } ?? ""
            lines.append("\(Words.text(route["header"]))\(value) → version \(Words.text(route["version"]))")
        }
        for shadow in traffic?["shadows"]?.arrayValue ?? [] {
            lines.append("version \(Words.text(shadow["version"])) also scores \(Words.text(shadow["percent"])) %")
        }
        return lines
    }

    /// `ready`, `rolling out` or `waiting`.
    static func state(_ deployment: JSONValue) -> String {
        guard deployment["ready"]?.boolValue == true else { return "waiting" }
        return deployment["candidate_version"]?.integerValue == nil ? "ready" : "rolling out"
    }

    /// `version 3` or `version 3 (90 %), version 4 (10 %)`.
    static func split(_ deployment: JSONValue) -> String {
        guard let stable = deployment["stable_version"]?.integerValue else { return "–" }
        let shares = deployment["traffic"]?["shares"]?.arrayValue ?? []
        if shares.count > 1 {
            let parts = shares.map { "version \(Words.text($0["version"])) (\(Words.text($0["percent"])) %)" }
            return parts.joined(separator: ", ")
        }
        guard let candidate = deployment["candidate_version"]?.integerValue else { return "version \(stable)" }
        let percent = deployment["candidate_percent"]?.integerValue ?? 0
        return "version \(stable) (\(100 - percent) %), version \(candidate) (\(percent) %)"
    }

    private static func microseconds(_ value: JSONValue?) -> String {
        guard let value = value?.doubleValue else { return "–" }
        return value < 1000 ? "\(Int(value))µs" : "\(Words.number((value / 10).rounded() / 100))ms"
    }
}
