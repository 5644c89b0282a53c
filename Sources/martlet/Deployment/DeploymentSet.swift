import ArgumentParser
import Core

/// `martlet deployment set NAME …`.
struct DeploymentSet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Create a deployment, or change what is named and leave the rest.",
        discussion: """
            Naming another version or alias starts a rollout. A target is 'stable', a version's number, or an alias such \
            as '@champion'.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String
    @Option(help: "The registered model, also as models:/<name>@<alias> or models:/<name>/<version>.")
    var model: String?
    @Option(help: "Follow this alias.")
    var alias: String?
    @Option(help: "Serve this version, whatever aliases say.")
    var version: Int?
    @Option(help: "How new versions climb: all_at_once, canary, shadow, blue_green or ab, with its standard steps.")
    var strategy: String?
    @Option(
        name: .customLong("weight"),
        help: "Share of a target in percent, as TARGET=PERCENT; repeat it until they sum to 100."
    )
    var weights: [String] = []
    @Option(name: .customLong("mirror"), help: "Have a target score this share of the requests, as TARGET=PERCENT.")
    var mirrors: [String] = []
    @Flag(help: "Take all weights, routes and mirrors away first.")
    var clearTraffic = false
    @Option(help: "0 lets the models leave memory while nobody asks.")
    var minReplicas: Int?
    @Option(help: "Most calls or processes at work for one version.")
    var maxReplicas: Int?

    func run(_ session: Session) async throws {
        let path = DeploymentCommand.path(name)
        let known: JSONObject
        do {
            known = try await session.server.get(path)["spec"]?.objectValue ?? [:]
        } catch let error as MartletError where error.code == .notFound && model != nil {
            known = [:]
        }
        let answer = try await session.server.send("PUT", path, .object(try changed(known)))
        guard !session.wroteJSON(answer) else { return }
        DeploymentFacts.write(answer, session)
    }

    /// The entry with what the options name.
    func changed(_ known: JSONObject) throws(MartletError) -> JSONObject {
        var entry = known
        if model != nil || alias != nil || version != nil {
            if let model { entry["model"] = .string(model) }
            entry["alias"] = alias.map { .string($0) }
            entry["version"] = version.map { .int($0) }
        }
        if let strategy {
            // The standard steps and window of the new strategy take the place of those of the old one.
            var rollout = entry["rollout"]?.objectValue ?? [:]
            rollout["strategy"] = .string(strategy)
            rollout["steps"] = nil
            rollout["rollback_window"] = nil
            entry["rollout"] = .object(rollout)
        }
        if clearTraffic { entry["traffic"] = nil }
        var traffic = entry["traffic"]?.objectValue ?? [:]
        if !weights.isEmpty { traffic["weights"] = .array(try Self.shares(weights, "--weight")) }
        if !mirrors.isEmpty { traffic["shadow"] = .array(try Self.shares(mirrors, "--mirror")) }
        if !traffic.isEmpty { entry["traffic"] = .object(traffic) }
        guard minReplicas != nil || maxReplicas != nil else { return entry }
        var replicas = entry["replicas"]?.objectValue ?? [:]
        if let minReplicas {
            replicas["min"] = .int(minReplicas)
            if minReplicas > 0 { replicas["idle"] = nil }
        }
        if let maxReplicas { replicas["max"] = .int(maxReplicas) }
        entry["replicas"] = .object(replicas)
        return entry
    }

    private static func shares(_ texts: [String], _ option: String) throws(MartletError) -> [JSONValue] {
        var shares: [JSONValue] = []
        for text in texts {
            guard let sign = text.lastIndex(of: "="), let percent = Int(text[text.index(after: sign)...]),
                sign > text.startIndex
            else {
                throw MartletError(
                    .invalidArgument,
                    "\(option) '\(text.prefix(100))' must be TARGET=PERCENT, such as 3=20 or @champion=80."
                )
            }
            let target = String(text[..<sign])
            shares.append(["to": Int(target).map { .int($0) } ?? .string(target), "percent": .int(percent)])
        }
        return shares
    }
}
