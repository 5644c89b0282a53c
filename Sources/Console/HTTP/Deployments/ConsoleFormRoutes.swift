import Access
import Core
import HTTPSupport
import Hummingbird
import Loop
import Replay
import Serving

/// The forms with fields: declaring a deployment, labelling a prediction, replaying a candidate, deciding on a loop.
struct ConsoleFormRoutes: Sendable {
    let sources: ConsoleSources
    let responder: PageResponder

    func register(in routes: RouteTable) {
        let forms = ConsoleForms(responder: responder)
        let sources = sources
        let declare = DeclarationLoader(sources: sources)
        forms.on("/declare/review", permission: .operate, in: routes) { form, _, error in
            try await declare.page(form, error)
        } _: { form, _ in
            .show(try await declare.review(form))
        }
        forms.on("/declare/apply", permission: .operate, in: routes) { form, _, error in
            var page = try await declare.page(form.fields["name"])
            page.notices = [Notice(.bad, error.message)]
            return page
        } _: { form, _ in
            .go(try await declare.apply(form))
        }
        forms.on("/ledger/label", permission: .write, in: routes) { form, _, error in
            let (deployment, id) = try Self.prediction(form)
            return try await LedgerLoader(sources: sources)
                .prediction(deployment, id, notices: [Notice(.bad, error.message)])
        } _: { form, _ in
            let (deployment, id) = try Self.prediction(form)
            let label = try form.fields.required("label", called: "What was right")
            try await LedgerLoader(sources: sources).label(deployment, id, label)
            return .go(ConsolePath.of("ledger", deployment, id))
        }
        registerReplays(forms, routes)
        registerDecisions(forms, routes)
    }

    /// Approving and rejecting what a loop asks.
    private func registerDecisions(_ forms: ConsoleForms, _ routes: RouteTable) {
        let sources = sources
        for approves in [true, false] {
            let path = "/loops/{id}/\(approves ? "approve" : "reject")"
            forms.on(path, permission: .operate, in: routes) { _, context, error in
                try await LoopLoader(sources: sources)
                    .page(context.parameters.require("id"), notices: [Notice(.bad, error.message)])
            } _: { form, context in
                let id = try context.parameters.require("id")
                let (who, comment) = (context.principal.name, form.fields["comment"] ?? "")
                if approves {
                    _ = try await sources.loops.approve(id, by: who, comment: comment)
                } else {
                    _ = try await sources.loops.reject(id, by: who, comment: comment)
                }
                return .go(ConsolePath.of("loops", id))
            }
        }
    }

    private static func prediction(_ form: ConsoleForm) throws -> (deployment: String, id: String) {
        (
            try form.fields.required("deployment", called: "Deployment"),
            try form.fields.required("id", called: "Request")
        )
    }

    private func registerReplays(_ forms: ConsoleForms, _ routes: RouteTable) {
        let sources = sources
        forms.on("/replays", permission: .operate, in: routes) { form, _, error in
            var values: [String: String] = [:]
            for name in ["deployment", "candidate", "since", "limit"] { values[name] = form.fields[name] }
            return try await ReplayLoader(sources: sources).list(
                deployment: form.fields["deployment"],
                values: values,
                notices: [Notice(.bad, error.message)]
            )
        } _: { form, context in
            let id = try await ReplayLoader(sources: sources).start(form, by: context.principal.name)
            return .go(ConsolePath.of("replays", id))
        }
    }
}
