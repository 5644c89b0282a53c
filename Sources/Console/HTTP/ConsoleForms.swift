import Core
import HTTPSupport
import Hummingbird

/// Registers forms with fields: what they do, where they lead, and the page that says what went wrong.
struct ConsoleForms: Sendable {
    /// What comes of a form.
    enum Outcome: Sendable {
        /// Go to a page.
        case go(String)
        /// Show a page.
        case show(any ConsolePage)
    }

    let responder: PageResponder

    /// Registers a form.
    ///
    /// - Parameters:
    ///   - path: where it posts.
    ///   - permission: what sending it takes.
    ///   - routes: the table.
    ///   - page: the page with the form as it was sent, and what went wrong.
    ///   - act: does it.
    func on(
        _ path: String,
        permission: Permission,
        in routes: RouteTable,
        page: @escaping @Sendable (ConsoleForm, AppRequestContext, MartletError) async throws -> any ConsolePage,
        _ act: @escaping @Sendable (ConsoleForm, AppRequestContext) async throws -> Outcome
    ) {
        let responder = responder
        routes.post(path, permission: permission, errors: .page) { request, context in
            let form = try await ConsoleForm(request, context)
            do {
                switch try await act(form, context) {
                case .go(let path):
                    return form.isScripted ? .json(["location": .string(path)]) : LoginRoutes.redirect(to: path)
                case .show(let page): return responder.answer(page, request, context)
                }
            } catch {
                let failure = MartletError.wrapping(error)
                guard !form.isScripted, failure.code != .internal, failure.code != .dataLoss else { throw error }
                let shown = try await page(form, context, failure)
                return responder.answer(shown, request, context, status: failure.code.status)
            }
        }
    }
}
