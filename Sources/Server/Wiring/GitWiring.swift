import Core
import Egress
import Foundation
import GitOps
import HTTPSupport
import Logging
import Loop
import Secrets

/// Outcomes written into Git repositories, under the server's rules for calls to the outside.
struct GitWiring: Sendable {
    private let writer: GitWriteBack
    private let secrets: SecretStore
    /// Below which repositories of this machine may lie; nil for none.
    private let files: String?

    /// Joins Git with the workspace's secrets.
    ///
    /// - Parameters:
    ///   - settings: where the server's data is, and whom it may call.
    ///   - secrets: the workspace's secrets.
    ///   - clock: the time.
    ///   - logger: where git's own words go.
    init(settings: ServerSettings, secrets: SecretStore, clock: Clock, logger: Logger) {
        let egress = EgressClient(policy: settings.egress.policy)
        self.secrets = secrets
        // What lies on the machine is the operator's, who has the workspace that is there from the start.
        files = settings.workspace == Principal.defaultWorkspace ? Self.resolved(settings.files) : nil
        writer = GitWriteBack(
            directory: "\(settings.data)/git",
            searchPath: ProcessInfo.processInfo.environment["PATH"],
            checkHost: { address in try await Self.check(address, egress) },
            clock: clock,
            logger: logger
        )
    }

    /// Refuses hosts that the server must not call; git looks the name up again itself.
    private static func check(_ address: GitAddress, _ egress: EgressClient) async throws {
        guard let host = address.host else { return }
        let port = address.port ?? (address.kind == .ssh ? 22 : 443)
        let name = host.contains(":") ? "[\(host)]" : host
        let url = try EgressURL.parse("https://\(name):\(port)/", what: "The Git repository")
        if let refusal = egress.policy.refusal(of: url) { throw refusal.error(what: "The Git repository") }
        _ = try await egress.addresses(of: url, what: "The Git repository")
    }

    /// Reads a section `gitops`, and refuses what this workspace must not name.
    ///
    /// - Parameters:
    ///   - section: the section.
    ///   - path: where it is, for errors.
    /// - Returns: the settings.
    /// - Throws: `invalidArgument` naming the field.
    func spec(_ section: JSONObject, path: String) throws(MartletError) -> GitSpec {
        let fields = JSONFields(section, path: path)
        let spec = try GitSpec(fields: fields)
        guard spec.repository.kind == .directory else { return spec }
        guard let files, Self.resolved(spec.repository.text).hasPrefix(files == "/" ? "/" : files + "/") else {
            throw fields.invalid(
                "repository",
                "may be a directory in the workspace 'default' only, and there below the one that --files names"
            )
        }
        return spec
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }

    /// Checks a section when a trigger is declared: also that its secret is there.
    func check(_ section: JSONObject, path: String) async throws {
        switch try spec(section, path: path).credentials {
        case .none: return
        case .token(let secret, _), .key(let secret): _ = try await secrets.secret(secret)
        }
    }

    /// Carries out an order.
    ///
    /// - Parameters:
    ///   - order: what is to be written back.
    ///   - section: the trigger's section `gitops`.
    ///   - path: where it is, for errors.
    /// - Returns: the commit.
    /// - Throws: what `GitWriteBack.write` throws.
    func write(_ order: GitOrder, _ section: JSONObject, path: String) async throws -> GitResult {
        let spec = try spec(section, path: path)
        let credentials: GitCredentials
        switch spec.credentials {
        case .none: credentials = .none
        case .token(let secret, let user): credentials = .token(user: user, token: try await value(secret).trimmedLine)
        case .key(let secret): credentials = .key(try await value(secret))
        }
        return try await writer.write(order, spec, credentials: credentials)
    }

    /// What loops ask of it.
    var loops: LoopWiring.WriteBack {
        LoopWiring.WriteBack(
            write: { outcome in
                var order = try GitOrder(
                    key: outcome.key,
                    model: outcome.model,
                    alias: outcome.alias,
                    version: outcome.version
                )
                order.champion = outcome.champion
                order.deployment = outcome.deployment
                order.outcome = outcome.outcome
                order.metrics = outcome.metrics.map { metric in
                    let champion = outcome.championMetrics.first { $0.name == metric.name }?.value
                    return GitOrder.Metric(name: metric.name, value: metric.value, champion: champion)
                }
                let result = try await write(order, outcome.gitops, path: "triggers.\(outcome.trigger).gitops")
                return LoopCommit(commit: result.commit, branch: result.branch, changed: result.isChanged)
            },
            check: { try await check($0, path: $1) }
        )
    }

    private func value(_ secret: String) async throws -> String {
        guard let value = try await secrets.values(of: [secret])[secret] else {
            throw MartletError(.notFound, "There is no secret '\(secret)'.")
        }
        return value
    }
}

extension String {
    /// Without the line break that a file leaves at its end.
    fileprivate var trimmedLine: String {
        var text = self[...]
        while let last = text.last, last.isNewline { text.removeLast() }
        return String(text)
    }
}
