import ArgumentParser
import Core

/// `martlet deployment …`.
struct DeploymentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deployment",
        abstract: "Show deployments and steer their rollouts.",
        subcommands: [
            DeploymentList.self, DeploymentShow.self, DeploymentApply.self, DeploymentSet.self,
            DeploymentRollback.self, DeploymentPromote.self, DeploymentPause.self, DeploymentResume.self,
            DeploymentConfirm.self, DeploymentAbort.self, DeploymentPardon.self, DeploymentDelete.self,
        ]
    )

    /// Where a deployment is on the server.
    static func path(_ name: String) -> String { "/api/martlet/v1/deployments/\(ServerClient.segment(name))" }

    /// Gives an order and shows what the deployment looks like after it.
    static func order(_ verb: String, _ name: String, body: JSONValue = [:], _ session: Session) async throws {
        let answer = try await session.server.send("POST", "\(path(name))/\(verb)", body)
        guard !session.wroteJSON(answer) else { return }
        DeploymentFacts.write(answer, session)
    }
}
