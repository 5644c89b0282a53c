import Access
import Core
import HTTPSupport
import Registry
import Serving

/// Reads, compares and applies declarations of deployments for their pages.
struct DeclarationLoader: Sendable {
    let sources: ConsoleSources

    private func declarations() throws(MartletError) -> ConsoleDeclarations {
        guard let declarations = sources.declarations else {
            throw MartletError(.unavailable, "Deployments cannot be declared on this server's pages.")
        }
        return declarations
    }

    /// The entry that is declared now; an empty one for a deployment that is not there.
    private func present(_ name: String?) async throws -> JSONValue {
        guard let name, !name.isEmpty else { return [:] }
        return try await sources.deployments.status(name).spec.json
    }

    /// The form for a deployment, or for a new one.
    func page(_ deployment: String?) async throws -> DeclarePage {
        let entry = try await present(deployment)
        return DeclarePage(
            deployment: deployment,
            values: deployment == nil ? ["strategy": "canary"] : DeclarationForm.values(of: entry),
            entry: deployment == nil ? Self.example : EntryText.yaml(of: entry),
            models: try await models()
        )
    }

    private func models() async throws -> [String] {
        try await sources.registry.models().prefix(ConsoleLimits.listRows).map(\.name)
    }

    private static let example = """
        model: cancer
        alias: production
        rollout:
          strategy: canary
          steps: [10, 50, 100]
          bake: 60s
          checks:
            error_rate: {max: 0.01}
        """

    /// The form as it was sent, with what is wrong beside its field.
    func page(_ form: ConsoleForm, _ error: MartletError) async throws -> DeclarePage {
        let name = form.fields["name"]
        let isKnown = await sources.deployments.statuses().contains { $0.spec.name == name }
        var page = try await page(isKnown ? name : nil)
        if form.fields["kind"] == "entry" {
            page.entry = form.fields.all("entry").last ?? ""
            page.entryProblem = error.message
            page.values["name"] = name
            return page
        }
        for field in DeclarationForm.names { page.values[field] = form.fields[field] ?? "" }
        if let field = DeclarationForm.field(of: error) {
            page.problems[field] = error.message
        } else {
            page.notices = [Notice(.bad, error.message)]
        }
        return page
    }

    /// What the form would change.
    func review(_ form: ConsoleForm) async throws -> DeclareReviewPage {
        let declarations = try declarations()
        guard let name = form.fields["name"] else {
            throw MartletError(.invalidArgument, "'name' must be given: lower-case letters, digits and hyphens.")
        }
        let status = await sources.deployments.statuses().first { $0.spec.name == name }
        let base = status?.spec.json ?? [:]
        let entry: JSONValue
        if form.fields["kind"] == "entry" {
            entry = try await declarations.read(form.fields.all("entry").last ?? "")
        } else {
            entry = DeclarationForm.entry(form.fields, changing: base)
        }
        let change = try await declarations.compare(name, entry)
        return DeclareReviewPage(
            deployment: name,
            isNew: change.isNew,
            lines: change.fields.map { FieldDiff.Line(path: $0.path, before: $0.before, after: $0.after) },
            notes: change.notes.map { $0.prefix(1).uppercased() + $0.dropFirst() },
            entry: entry.prettyPrinted(),
            base: Self.mark(of: base)
        )
    }

    /// Applies what was reviewed, unless somebody else has changed the deployment since.
    func apply(_ form: ConsoleForm) async throws -> String {
        let declarations = try declarations()
        guard let name = form.fields["name"], let text = form.fields.all("entry").last else {
            throw MartletError(.invalidArgument, "'name' and 'entry' must be given.")
        }
        let status = await sources.deployments.statuses().first { $0.spec.name == name }
        guard form.fields["base"] == Self.mark(of: status?.spec.json ?? [:]) else {
            throw MartletError(
                .failedPrecondition,
                "The declaration of '\(name)' was changed since it was compared; review the change again."
            )
        }
        try await declarations.apply(name, try JSONValue.parse(text))
        return DeploymentTabs.overview(name)
    }

    private static func mark(of entry: JSONValue) -> String {
        ContentHash.text(of: entry.serialized())
    }
}
