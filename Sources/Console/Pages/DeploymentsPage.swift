/// All deployments.
package struct DeploymentsPage: ConsolePage {
    package static let template = "list"

    /// The deployments.
    package var deployments: [DeploymentRow]

    /// Makes the page.
    package init(deployments: [DeploymentRow]) {
        self.deployments = deployments
    }

    package var head: PageHead {
        PageHead(
            "Deployments",
            section: .deployments,
            lede: [
                .text(
                    "Each serves a version or follows an alias of a registered model; moving the alias starts a rollout."
                ),
                .link("Declare a deployment", "/declare"),
            ],
            refresh: 2
        )
    }

    package var context: [String: Any] {
        ["list": DeploymentRow.table(deployments).markup(orEmpty: .deployments)]
    }
}
