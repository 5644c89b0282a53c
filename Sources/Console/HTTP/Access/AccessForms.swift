import Access
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Registers forms: what they do, where they lead, and the page that says what went wrong.
struct AccessForms: Sendable {
    /// What a form was sent with.
    struct Sent: Sendable {
        let fields: FormFields
        let caller: Principal
        let request: Request
        let context: AppRequestContext
    }

    /// What comes of a form.
    enum Outcome: Sendable {
        /// Go to a page.
        case go(String)
        /// Go to a page with another session's cookie.
        case renewed(String, cookie: String)
        /// A page that is shown once.
        case show(any ConsolePage)
    }

    let access: ConsoleAccess
    let responder: PageResponder

    /// Registers a form.
    ///
    /// - Parameters:
    ///   - path: where it posts.
    ///   - permission: what sending it takes.
    ///   - routes: the table.
    ///   - page: the page with the form, with a notice of what went wrong.
    ///   - act: does it.
    func on(
        _ path: String,
        permission: Permission,
        in routes: RouteTable,
        page: @escaping @Sendable (AccessLoader, FormFields, [Notice]) async throws -> any ConsolePage,
        _ act: @escaping @Sendable (Sent) async throws -> Outcome
    ) {
        let (access, responder) = (access, responder)
        routes.post(path, permission: permission, errors: .page) { request, context in
            let form = try await ConsoleForm(request, context)
            let caller = context.principal
            do {
                let sent = Sent(fields: form.fields, caller: caller, request: request, context: context)
                return try Self.response(try await act(sent), form, responder, request, context)
            } catch {
                let failure = MartletError.wrapping(error)
                guard !form.isScripted, failure.code != .internal, failure.code != .dataLoss else { throw error }
                let loader = AccessLoader(access: access, caller: caller)
                let shown = try await page(loader, form.fields, [Notice(.bad, failure.message)])
                return responder.answer(shown, request, context, status: failure.code.status)
            }
        }
    }

    private static func response(
        _ outcome: Outcome,
        _ form: ConsoleForm,
        _ responder: PageResponder,
        _ request: Request,
        _ context: AppRequestContext
    ) throws -> Response {
        switch outcome {
        case .go(let path):
            return form.isScripted ? .json(["location": .string(path)]) : LoginRoutes.redirect(to: path)
        case .renewed(let path, let cookie):
            var response = LoginRoutes.redirect(to: path)
            response.headers.append(HTTPField(name: .setCookie, value: cookie))
            return response
        case .show(let page): return responder.answer(page, request, context)
        }
    }
}
