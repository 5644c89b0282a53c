import Access
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Logging in and out, and the choice of the workspace that is shown.
struct LoginRoutes: Sendable {
    let access: ConsoleAccess
    let responder: PageResponder

    func register(in routes: RouteTable) {
        let (access, responder) = (access, responder)
        routes.get("/login", permission: .open, errors: .page) { request, context in
            let next = LoginReturn.path(try ConsoleQuery(request)["next"])
            // Nobody logs in where nobody has to, or twice.
            guard access.hasAccounts, context.principal.sessionID == nil else { return Self.redirect(to: next) }
            return responder.answer(Self.page(access, next: next), request, context)
        }
        routes.post("/login", permission: .open, errors: .page) { request, context in
            guard access.hasAccounts else { return Self.redirect(to: "/") }
            return try await Self.logIn(access, responder, request, context)
        }
        routes.post("/logout", permission: .open, errors: .page) { request, context in
            _ = try await ConsoleForm(request, context)
            if let id = context.principal.sessionID { try await access.sessions.end(id) }
            var response = Self.redirect(to: access.hasAccounts ? "/login" : "/")
            response.headers.append(
                HTTPField(name: .setCookie, value: SessionCookie.clearing(isSecure: context.isSecure))
            )
            return response
        }
        routes.post("/workspace", permission: .account, errors: .page) { request, context in
            let form = try await ConsoleForm(request, context)
            let name = try form.fields.required("workspace", called: "Workspace")
            let workspace = try access.administration.workspace(name, by: context.principal)
            var response = Self.redirect(to: "/")
            response.headers.append(
                HTTPField(
                    name: .setCookie,
                    value: WorkspaceCookie.setting(workspace.name, isSecure: context.isSecure)
                )
            )
            return response
        }
    }

    private static func logIn(
        _ access: ConsoleAccess,
        _ responder: PageResponder,
        _ request: Request,
        _ context: AppRequestContext
    ) async throws -> Response {
        // The form of somebody who is not logged in carries no token; where it comes from is checked all the same, or
        // another site could log people in as somebody else.
        try SessionRules.checkOrigin(request.head)
        let form = try await ConsoleForm(request, context).fields
        let next = LoginReturn.path(form["next"])
        do throws(MartletError) {
            let (account, token) = try await account(access, form, context)
            let begun = try await access.sessions.begin(
                account,
                token: token,
                agent: request.headers[.userAgent],
                replacing: context.principal.sessionID,
                isSecure: context.isSecure
            )
            var response = redirect(to: next)
            response.headers.append(HTTPField(name: .setCookie, value: begun.setCookie))
            return response
        } catch {
            let name = form["token"] == nil ? form["name"] ?? "" : ""
            let page = page(access, next: next, problem: problem(error), name: name)
            var response = responder.answer(page, request, context, status: error.code.status)
            if let seconds = error.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
            return response
        }
    }

    private static func account(
        _ access: ConsoleAccess,
        _ form: FormFields,
        _ context: AppRequestContext
    ) async throws(MartletError) -> (Account, AccessToken?) {
        if let secret = form["token"] {
            guard let (account, token) = access.directory.account(token: secret.filter { !$0.isWhitespace }) else {
                throw MartletError(.unauthenticated, "The token is unknown, expired or revoked.")
            }
            return (account, token)
        }
        let name = try form.required("name", called: "Name")
        let password = try form.required("password", called: "Password")
        return (try await access.directory.account(name: name, password: password, from: context.clientAddress), nil)
    }

    /// What the page says: nothing that tells whether an account exists.
    private static func problem(_ error: MartletError) -> String {
        guard error.code == .resourceExhausted, let seconds = error.retryAfterSeconds else { return error.message }
        return "Too many log-ins have failed. Try again in \(TimeText.took(.seconds(seconds)))."
    }

    private static func page(
        _ access: ConsoleAccess,
        next: String,
        problem: String = "",
        name: String = ""
    ) -> LoginPage {
        LoginPage(
            next: next,
            problem: problem,
            name: name,
            providers: access.providers,
            isFirst: access.directory.subjects.isEmpty && !access.directory.accounts.contains(where: \.hasPassword)
        )
    }

    static func redirect(to path: String) -> Response {
        var response = Response.redirect(to: path, type: .normal)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
