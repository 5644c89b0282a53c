import ArgumentParser
import Core

/// `martlet deployment …`.
struct DeploymentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deployment",
        abstract: "Show deployments and steer their rollouts.",
        subcommands: [
            DeploymentList.self, DeploymentShow.self, DeploymentRollback.self, DeploymentPromote.self,
            DeploymentPause.self, DeploymentResume.self, DeploymentAbort.self, DeploymentPardon.self,
        ]
    )

    /// Gives an order and shows what the deployment looks like after it.
    static func order(_ verb: String, _ name: String, body: JSONValue = [:], _ session: Session) async throws {
        let path = "/api/martlet/v1/deployments/\(ServerClient.segment(name))/\(verb)"
        let answer = try await session.server.send("POST", path, body)
        guard !session.wroteJSON(answer) else { return }
        DeploymentFacts.write(answer, session)
    }
}
