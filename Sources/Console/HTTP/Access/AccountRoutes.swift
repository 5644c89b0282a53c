import Access
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// One's own account: password, sessions, tokens.
struct AccountRoutes: Sendable {
    let access: ConsoleAccess
    let responder: PageResponder

    func register(in routes: RouteTable) {
        let (access, responder) = (access, responder)
        routes.get("/account", permission: .account, errors: .page) { request, context in
            await responder.respond(request, context) { _, context in
                try await AccessLoader(access: access, caller: context.principal).account()
            }
        }
        registerPassword(in: routes)
        registerSessions(in: routes)
        registerTokens(in: routes)
    }

    private func on(
        _ path: String,
        _ routes: RouteTable,
        _ act: @escaping @Sendable (AccessForms.Sent) async throws -> AccessForms.Outcome
    ) {
        AccessForms(access: access, responder: responder).on(
            path,
            permission: .account,
            in: routes,
            page: { loader, _, notices in try await loader.account(notices) },
            act
        )
    }

    private func registerPassword(in routes: RouteTable) {
        let access = access
        on("/account/password", routes) { sent in
            let password = try sent.fields.required("password", called: "New password")
            guard password == sent.fields["again"] else {
                throw MartletError(.invalidArgument, "The two new passwords are not the same.")
            }
            try await access.administration.setPassword(
                of: sent.caller.name,
                to: password,
                current: try sent.fields.required("current", called: "Present password"),
                from: sent.context.clientAddress,
                by: sent.caller
            )
            // All sessions have ended; whoever changed the password goes on with a new one.
            guard sent.caller.sessionID != nil, let id = sent.caller.accountID,
                let account = access.directory.account(id: id)
            else { return .go("/account") }
            let token = sent.caller.tokenID.flatMap { access.directory.token(id: $0) }
            let begun = try await access.sessions.begin(
                account,
                token: token,
                agent: sent.request.headers[.userAgent],
                isSecure: sent.context.isSecure
            )
            return .renewed("/account", cookie: begun.setCookie)
        }
    }

    private func registerSessions(in routes: RouteTable) {
        let access = access
        on("/account/sessions/end", routes) { sent in
            let id = try sent.fields.required("id", called: "Session")
            // Of one's own sessions only.
            guard let account = sent.caller.accountID,
                try await access.sessions.sessions(of: account).contains(where: { $0.id == id })
            else { throw MartletError(.notFound, "This session has ended already.") }
            try await access.sessions.end(id)
            return .go("/account")
        }
        on("/account/sessions/end-all", routes) { sent in
            guard let account = sent.caller.accountID else {
                throw MartletError(.failedPrecondition, "There are no sessions: this server asks for no login.")
            }
            try await access.sessions.endAll(of: account)
            return .renewed("/login", cookie: SessionCookie.clearing(isSecure: sent.context.isSecure))
        }
    }

    private func registerTokens(in routes: RouteTable) {
        let access = access
        on("/account/tokens", routes) { sent in
            let new = try AccessPageRoutes.newToken(sent.fields, now: access.clock.now)
            let made = try await access.administration.createToken(new, for: nil, by: sent.caller)
            return .show(TokenMadePage(name: new.name, owner: made.owner.name, secret: made.secret, back: "/account"))
        }
        on("/account/tokens/revoke", routes) { sent in
            let id = try sent.fields.required("id", called: "Token")
            guard let token = access.directory.token(id: id), token.accountID == sent.caller.accountID else {
                throw MartletError(.notFound, "There is no such token.")
            }
            try await access.administration.revokeToken(id, by: sent.caller)
            return .go("/account")
        }
    }
}
