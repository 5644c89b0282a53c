import Core
package import HTTPSupport
import Hummingbird
import Sampling

/// `/api/martlet/v1/studies`: searches that any number of programs may work on.
package struct StudyRoutes {
    static let base = "/api/martlet/v1/studies"
    private let store: StudyStore

    /// Routes over a store.
    package init(store: StudyStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerStudies(in: routes)
        registerViews(in: routes)
        TrialRoutes(store: store).register(in: routes)
    }

    private func registerStudies(in routes: RouteTable) {
        let store = store
        routes.get(Self.base, permission: .read, errors: .martlet) { request, _ in
            let limit = try request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize)
            let after = try request.query("page_token").map { token in
                guard let name = try PageToken.decode(token).stringValue else {
                    throw MartletError(.invalidArgument, "'page_token' is not one of this list.")
                }
                return name
            }
            let studies = try await store.studies(after: after, limit: limit)
            let token = studies.count == limit ? studies.last.map { PageToken.encode(.string($0.name)) } : nil
            return .json(Page(items: studies, nextPageToken: token).json(\.json))
        }
        routes.post(Self.base, permission: .write, errors: .martlet) { request, context in
            var fields = try await request.readJSON(limit: StudiesLimits.bodyBytes).objectValue ?? [:]
            let reuses = try JSONFields(fields).optionalBool("reuse") ?? false
            fields["reuse"] = nil
            let name = try JSONFields(fields).string("name")
            // Trials become runs in an experiment of the study's name; an empty one asks for none.
            if fields["experiment"] == nil { fields["experiment"] = .string(name) }
            let spec = try StudySpec(JSONFields(fields))
            let (study, isNew) = try await store.create(name, spec, owner: context.principal.name, reuses: reuses)
            return .json(study.json, status: isNew ? .created : .ok)
        }
        routes.get("\(Self.base)/{name}", permission: .read, errors: .martlet) { _, context in
            .json(try await store.study(context.name).json)
        }
        routes.delete("\(Self.base)/{name}", permission: .write, errors: .martlet) { _, context in
            try await store.delete(context.name)
            return .json([:])
        }
    }

    private func registerViews(in routes: RouteTable) {
        let store = store
        routes.get("\(Self.base)/{name}/best", permission: .read, errors: .martlet) { _, context in
            let (study, history) = try await store.history(context.name)
            var best: [JSONValue] = []
            for trial in history.bestTrials.prefix(HTTPLimits.pageSize) {
                best.append(try await store.trial(study.name, trial.number).0.json(study.spec, reports: false))
            }
            return .json(["items": .array(best)])
        }
        routes.get("\(Self.base)/{name}/importance", permission: .read, errors: .martlet) { request, context in
            let (study, history) = try await store.history(context.name)
            let objective = try request.queryInt("objective", in: 0...study.spec.directions.count - 1, default: 0)
            let shares = await StudyImportance.of(history, objective: objective)
            return .json([
                "method": "fanova", "objective": .string(study.spec.objectives[objective]),
                "importance": .object(JSONObject(shares.map { ($0.name, .number($0.share)) })),
            ])
        }
        routes.get("\(Self.base)/{name}/plots/{plot}", permission: .read, errors: .martlet) { request, context in
            let kind = try context.parameters.require("plot")
            let (study, history) = try await store.history(context.name)
            let wish = PlotWish(
                objective: try request.queryInt("objective", in: 0...study.spec.directions.count - 1, default: 0),
                params: request.query("params").map { $0.split(separator: ",").map(String.init) } ?? []
            )
            let svg = try await StudyPlot.draw(kind, study, history, wish)
            return .bytes(svg, contentType: "image/svg+xml")
        }
    }
}

extension AppRequestContext {
    /// The study's name of the path.
    var name: String {
        get throws { try parameters.require("name") }
    }

    /// The trial's number of the path.
    var trialNumber: Int {
        get throws {
            let text = try parameters.require("number")
            guard let number = Int(text), number >= 0 else {
                throw MartletError(.invalidArgument, "A trial has a number, not '\(text.prefix(40))'.")
            }
            return number
        }
    }
}
