import Console
import Core
import Foundation
import HTTPSupport
import Testing

/// What the pages about accounts show to whom, and that texts from outside stay texts there.
struct AccessPageTests {
    private let evil = "<img src=x onerror=alert(1)>\"'&"
    private let renderer: PageRenderer

    init() throws {
        renderer = try PageRenderer(assets: .embedded(version: "0.1"))
    }

    private func html(_ page: some ConsolePage, as viewer: Viewer = Viewer()) -> String {
        Viewer.$current.withValue(viewer) { renderer.document(page) }
    }

    private func viewer(_ role: Role) -> Viewer {
        Viewer(name: "anna", hasSession: true, permissions: role.permissions, formToken: "token-of-the-session")
    }

    @Test func everyFormCarriesTheTokenOfTheSession() {
        let deployment = DeploymentPage(
            name: "d",
            tone: .good,
            state: "serving",
            actions: [ActionButton("Roll back", path: "/deployments/d/rollback")]
        )
        let pages: [any ConsolePage] = SampleAccess.full.map(\.page) + [deployment]
        for page in pages {
            let text = html(page, as: Viewer(name: "a", hasSession: true, formToken: "token-of-the-session"))
            let forms = text.components(separatedBy: "<form method=\"post\"").dropFirst()
            #expect(!forms.isEmpty, "\(type(of: page))")
            for form in forms {
                let inside = form.components(separatedBy: "</form>")[0]
                #expect(
                    inside.contains("<input type=\"hidden\" name=\"csrf\" value=\"token-of-the-session\">"),
                    "\(type(of: page))"
                )
            }
            #expect(!html(page).contains("name=\"csrf\""), "\(type(of: page)) without a session has no token")
        }
    }

    @Test func whatARoleMayNotDoIsOffWithTheReason() {
        let button = ActionButton("Run now", path: "/pipelines/p/runs")
        func markup(_ role: Role) -> String {
            Viewer.$current.withValue(viewer(role)) { button.markup().html }
        }
        for role in [Role.viewer, .editor] {
            #expect(markup(role).contains(" disabled title=\"This needs the role operator in the workspace default.\""))
        }
        for role in [Role.operator, .administrator] { #expect(!markup(role).contains("disabled")) }
        let people = PeoplePage(rows: SampleAccess.people, workspace: "default")
        let limited = html(people, as: viewer(.administrator))
        #expect(!limited.contains("/access/delete") && !limited.contains("/access/people"))
        #expect(!limited.contains("href=\"/access/tokens\"") && limited.contains("Give role"))
        let all = html(people)
        #expect(all.contains("/access/delete") && all.contains("href=\"/access/tokens\""))
        #expect(Viewer(permissions: []).refusal(of: .server)?.contains("administrator of the server") == true)
    }

    @Test func onlyThoseWhoManageSomethingSeeTheWayThere() {
        let page = DeploymentsPage(deployments: [])
        for role in [Role.viewer, .editor, .operator] {
            let text = html(page, as: viewer(role))
            for path in ["/access", "/audit", "/secrets"] { #expect(!text.contains("href=\"\(path)\""), "\(role)") }
        }
        let text = html(page, as: viewer(.administrator))
        for path in ["/access", "/audit", "/secrets"] { #expect(text.contains("href=\"\(path)\"")) }
    }

    @Test func saysWhoIsHereAndWhere() {
        let page = DeploymentsPage(deployments: [])
        let quiet = html(page)
        #expect(!quiet.contains("Signed in as") && !quiet.contains("/logout") && !quiet.contains("/login"))
        #expect(!quiet.contains("action=\"/workspace\""))
        var viewer = viewer(.viewer)
        viewer.workspaces = ["default", "team-a"]
        viewer.workspace = "team-a"
        let text = html(page, as: viewer)
        #expect(text.contains("Signed in as") && text.contains("href=\"/account\"") && text.contains("/logout"))
        #expect(text.contains("action=\"/workspace\"") && text.contains("<option value=\"team-a\" selected>"))
        viewer.hasSession = false
        #expect(!html(page, as: viewer).contains("/logout"))
    }

    @Test func theLoginStandsAlone() {
        let text = html(SampleAccess.login)
        #expect(!text.contains("class=\"nav\"") && !text.contains("<input type=\"search\""))
        #expect(text.contains("/auth/oidc/login?issuer=example&amp;next=%2Fruns%2F1"))
        #expect(text.contains("Nobody has a password yet"))
        #expect(text.contains("name=\"next\" value=\"/runs/1\""))
        #expect(!html(LoginPage()).contains("Nobody has a password yet"))
        #expect(!html(LoginPage()).contains("class=\"or\""))
    }

    @Test func textsFromOutsideStayTexts() {
        let time = SampleTime.ago(3)
        let person = PeoplePage.Row(name: evil, role: .viewer, lastLogin: time)
        let token = TokensPage.Row(
            id: evil,
            prefix: evil,
            name: evil,
            owner: evil,
            scopes: .all,
            workspace: evil,
            created: time
        )
        let record = AuditPage.Row(
            sequence: 1,
            time: time,
            actor: evil,
            action: evil,
            object: evil,
            isDenied: true,
            reason: evil,
            before: evil,
            after: evil,
            facts: [(evil, evil)]
        )
        let pages: [any ConsolePage] = [
            PeoplePage(rows: [person], workspace: evil, notices: [Notice(.bad, evil)]),
            PersonPage(row: person, roles: [(evil, .viewer)], workspaces: [evil]),
            TokensPage(rows: [token], owners: [evil], workspaces: [evil]),
            GrantsPage(
                rows: [.init(id: evil, account: evil, kind: .dataset, resource: evil, permissions: .all)],
                accounts: [evil],
                workspace: evil
            ),
            WorkspacesPage(rows: [.init(name: evil, description: evil)]),
            AccountPage(
                name: evil,
                visits: [.init(id: evil, agent: evil, began: time, seen: time, isThis: false)],
                tokens: [token],
                workspaces: [evil]
            ), AuditPage(rows: [record], filter: ["actor": evil], chain: (.bad, evil), next: evil, workspace: evil),
            SecretsPage(rows: [.init(name: evil, by: evil)], workspace: evil),
            LoginPage(next: evil, problem: evil, name: evil, providers: [(evil, evil)]),
            TokenMadePage(name: evil, owner: evil, secret: evil, back: evil),
        ]
        let viewer = Viewer(name: evil, hasSession: true, workspace: evil, workspaces: [evil, "b"], formToken: evil)
        for page in pages {
            let text = html(page, as: viewer)
            #expect(!text.contains("<img src=x") && !text.contains("\"'&"), "\(type(of: page))")
            #expect(text.components(separatedBy: "&lt;img src=x").count > 4, "\(type(of: page))")
        }
    }

    @Test func sharesOfQuotasSayHowFullTheyAre() {
        let text = html(SampleAccess.workspaces)
        #expect(text.contains("meter warn") && text.contains("meter bad") && text.contains("meter good"))
        #expect(text.contains("at most 200") && text.contains("no limit"))
    }
}
