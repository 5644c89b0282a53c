import Console
import Core
import HTTPSupport

/// Pages about accounts, records and secrets.
enum SampleAccess {
    static let tokens: [TokensPage.Row] = [
        .init(
            id: "a1",
            prefix: "mlt_Qm4x7d",
            name: "laptop",
            owner: "anna",
            scopes: PermissionSet([.open, .account, .read, .predict, .write]),
            created: SampleTime.ago(86_400 * 12),
            used: SampleTime.ago(42),
            expires: SampleTime.ago(-86_400 * 78)
        ),
        .init(
            id: "b2",
            prefix: "mlt_t9Zk21",
            name: "nightly training",
            owner: "training-ci",
            scopes: PermissionSet([.open, .account, .read, .write, .operate]),
            workspace: "team-a",
            created: SampleTime.ago(86_400 * 40)
        ),
        .init(
            id: "c3",
            prefix: "mlt_P0oi8u",
            name: "demo",
            owner: "anna",
            scopes: PermissionSet([.open, .account, .read]),
            created: SampleTime.ago(86_400 * 90),
            used: SampleTime.ago(86_400 * 31),
            expires: SampleTime.ago(86_400),
            isExpired: true
        ),
    ]

    static let people: [PeoplePage.Row] = [
        .init(
            name: "anna",
            isServerAdministrator: true,
            role: .administrator,
            hasPassword: true,
            lastLogin: SampleTime.ago(300)
        ),
        .init(name: "ben@example.com", role: .viewer, lastLogin: SampleTime.ago(86_400 * 3)),
        .init(name: "carla", isDisabled: true, role: .operator, hasPassword: true),
        .init(name: "dora", everywhere: .viewer),
        .init(name: "training-ci", isService: true, role: .editor),
    ]

    static let person = PersonPage(
        row: people[2],
        roles: [("*", .viewer), ("default", .operator)],
        workspaces: ["default", "team-a"]
    )

    static let grants = GrantsPage(
        rows: [
            .init(
                id: "g1",
                account: "ben@example.com",
                kind: .registeredModel,
                resource: "churn-*",
                permissions: PermissionSet([.read, .predict])
            ),
            .init(
                id: "g2",
                account: "training-ci",
                kind: .experiment,
                resource: "7",
                permissions: PermissionSet([.write])
            ),
        ],
        accounts: ["anna", "ben@example.com"],
        workspace: "team-a"
    )

    static let workspaces = WorkspacesPage(rows: [
        .init(
            name: "default",
            description: "The workspace that every server has.",
            members: 4,
            storage: .init(used: 3.4e9, most: 4.0e9),
            requests: .init(most: 200),
            tasks: .init(used: 1, most: 4),
            memory: .init(used: 2.1e8)
        ), .init(name: "team-a", members: 2, storage: .init(used: 5.2e9, most: 5.0e9), tasks: .init(used: 0, most: 0)),
    ])

    static let account = AccountPage(
        name: "anna",
        roles: [("*", .viewer), ("default", .administrator)],
        isServerAdministrator: true,
        hasPassword: true,
        visits: [
            .init(
                id: "s1",
                agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0",
                began: SampleTime.ago(4000),
                seen: SampleTime.ago(3),
                isThis: true
            ), .init(id: "s2", agent: "", began: SampleTime.ago(90_000), seen: SampleTime.ago(80_000), isThis: false),
        ],
        tokens: [tokens[0], tokens[2]],
        workspaces: ["default", "team-a"],
        notices: [Notice(.bad, "The two new passwords are not the same.")]
    )

    static let audit = AuditPage(
        rows: [
            .init(
                sequence: 1204,
                time: SampleTime.ago(20),
                actor: "anna",
                action: "POST /api/2.0/mlflow/registered-models/alias",
                object: "registered_model:cancer/alias:production",
                before: "{\n  \"version\": 3\n}",
                after: "{\n  \"version\": 4\n}",
                facts: [("Token", "a1"), ("Address", "10.0.0.7"), ("Hash", "9f2c")]
            ),
            .init(
                sequence: 1203,
                time: SampleTime.ago(500),
                actor: "",
                action: "GET /api/2.0/mlflow/experiments/search",
                isDenied: true,
                reason: "You are not logged in."
            ),
        ],
        filter: ["actor": "anna"],
        chain: (.good, "chain whole, 1,204 records"),
        next: "/audit?page_token=x"
    )

    static let secrets = SecretsPage(
        rows: [
            .init(name: "warehouse-password", version: 3, updated: SampleTime.ago(86_400), by: "anna"),
            .init(name: "slack-hook"),
        ],
        workspace: "default"
    )

    static let login = LoginPage(
        next: "/runs/1",
        problem: "The name or the password is wrong.",
        name: "anna",
        providers: [("Log in with Example ID", "/auth/oidc/login?issuer=example")],
        isFirst: true
    )

    static let made = TokenMadePage(
        name: "laptop",
        owner: "anna",
        secret: "mlt_Qm4x7dQm4x7dQm4x7dQm4x7dQm4x7dQm4x7dQm4x7dQ",
        back: "/account"
    )

    static let full: [(name: String, page: any ConsolePage)] = [
        ("login", login), ("people", PeoplePage(rows: people, workspace: "default")), ("person", person),
        ("tokens", TokensPage(rows: tokens, owners: ["anna", "training-ci"], workspaces: ["default"])),
        ("tokenmade", made), ("grants", grants), ("workspaces", workspaces), ("account", account), ("audit", audit),
        ("secrets", secrets),
    ]

    static let empty: [(name: String, page: any ConsolePage)] = [
        ("people-empty", PeoplePage(rows: [], workspace: "default")), ("tokens-empty", TokensPage(rows: [])),
        ("grants-empty", GrantsPage(rows: [], workspace: "default")), ("account-empty", AccountPage(name: "a")),
        ("audit-empty", AuditPage(rows: [], chain: (.good, "no records"))),
        ("secrets-empty", SecretsPage(rows: [], workspace: "default")),
        ("person-empty", PersonPage(row: .init(name: "p"))),
    ]
}
