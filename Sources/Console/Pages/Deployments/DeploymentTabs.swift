/// The pages about one deployment.
enum DeploymentTabs {
    /// The bar of `deployment`, with `current` shown.
    static func bar(_ deployment: String, current: String) -> Markup {
        TabBar(
            [
                ("Rollout and traffic", overview(deployment)), ("Ledger", ledger(deployment)),
                ("Quality by hour", quality(deployment)), ("Replays", replays(deployment)),
                ("Declaration", declaration(deployment)),
            ],
            current: current
        ).markup()
    }

    static func overview(_ name: String) -> String { ConsolePath.of("deployments", name) }
    static func ledger(_ name: String) -> String { ConsolePath.query("/ledger", [("deployment", name)]) }
    static func quality(_ name: String) -> String { ConsolePath.query("/ledger/quality", [("deployment", name)]) }
    static func replays(_ name: String) -> String { ConsolePath.query("/replays", [("deployment", name)]) }
    static func declaration(_ name: String) -> String { ConsolePath.query("/declare", [("deployment", name)]) }
}
