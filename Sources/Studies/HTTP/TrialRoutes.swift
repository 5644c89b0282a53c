import Core
import HTTPSupport
import Hummingbird
import Sampling

/// What workers do: ask, tell, report, say that they live.
struct TrialRoutes {
    private static let trials = "\(StudyRoutes.base)/{name}/trials"
    let store: StudyStore

    func register(in routes: RouteTable) {
        registerReading(in: routes)
        let store = store
        // Workers make many small changes; the study's record says who made them.
        func post(_ path: String, _ handler: @escaping RouteTable.Handler) {
            routes.on(path, method: .post, permission: .write, errors: .martlet, audited: false, handler)
        }
        post("\(StudyRoutes.base)/{name}/ask") { request, context in
            let fields = try await request.fields(["worker", "idempotency_key"])
            let (trial, study) = try await store.ask(
                context.name,
                worker: try fields.optionalString("worker") ?? context.principal.name,
                key: try fields.optionalString("idempotency_key")
            )
            return .json(trial.json(study.spec))
        }
        post("\(StudyRoutes.base)/{name}/enqueue") { request, context in
            let fields = try await request.fields(["params", "attributes", "idempotency_key"])
            let trial = try await store.enqueue(
                context.name,
                params: try fields.optionalObject("params") ?? [:],
                attributes: try fields.optionalObject("attributes") ?? [:],
                key: try fields.optionalString("idempotency_key")
            )
            return .json(trial.json(try await store.study(context.name).spec), status: .created)
        }
        post("\(Self.trials)/{number}/tell") { request, context in
            let fields = try await request.fields(["value", "values", "state", "message", "attributes"])
            let trial = try await store.tell(
                context.name,
                context.trialNumber,
                try Self.outcome(fields),
                attributes: try fields.optionalObject("attributes") ?? [:]
            )
            return .json(trial.json(try await store.study(context.name).spec))
        }
        post("\(Self.trials)/{number}/report") { request, context in
            let fields = try await request.fields(["step", "value"])
            let prunes = try await store.report(
                context.name,
                context.trialNumber,
                step: Int(try fields.int("step", in: 0...1_000_000_000)),
                value: try Self.number(fields, "value")
            )
            return .json(["should_prune": .bool(prunes)])
        }
        post("\(Self.trials)/{number}/heartbeat") { _, context in
            try await store.heartbeat(context.name, context.trialNumber)
            return .json([:])
        }
    }

    private func registerReading(in routes: RouteTable) {
        let store = store
        routes.get(Self.trials, permission: .read, errors: .martlet) { request, context in
            let limit = try request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize)
            let after = try request.query("page_token").map { token in
                guard let number = try PageToken.decode(token).integerValue, let after = Int(exactly: number) else {
                    throw MartletError(.invalidArgument, "'page_token' is not one of this list.")
                }
                return after
            }
            let state = try request.query("state").map { text in
                guard let state = Trial.State(rawValue: text) else {
                    let words = Trial.State.allCases.map(\.rawValue).joined(separator: ", ")
                    throw MartletError(.invalidArgument, "'state' must be one of \(words).")
                }
                return state
            }
            let (trials, study) = try await store.trials(
                context.name,
                state: state,
                after: after ?? -1,
                limit: limit
            )
            let token = trials.count == limit ? trials.last.map { PageToken.encode(.int($0.trial.number)) } : nil
            return .json(Page(items: trials, nextPageToken: token).json { $0.json(study.spec, reports: false) })
        }
        routes.get("\(Self.trials)/{number}", permission: .read, errors: .martlet) { _, context in
            let (trial, study) = try await store.trial(context.name, context.trialNumber)
            return .json(trial.json(study.spec))
        }
    }

    /// `{"value": 1.5}`, `{"values": [1, 2]}`, `{"state": "pruned"}` or `{"state": "failed", "message": "…"}`.
    private static func outcome(_ fields: JSONFields) throws(MartletError) -> StudyStore.Outcome {
        switch try fields.optionalString("state") ?? "complete" {
        case "complete":
            guard fields.value("values") != nil else { return .complete([try number(fields, "value")]) }
            var values: [Double] = []
            for value in try fields.array("values") {
                guard let number = StoredNumber.value(value) else {
                    throw fields.invalid("values", "must be numbers; NaN and Infinity are written as text")
                }
                values.append(number)
            }
            return .complete(values)
        case "pruned": return .pruned
        case "failed": return .failed(try fields.optionalString("message") ?? "The worker said so.")
        default: throw fields.invalid("state", "must be complete, pruned or failed")
        }
    }

    private static func number(_ fields: JSONFields, _ key: String) throws(MartletError) -> Double {
        guard let json = fields.value(key), let number = StoredNumber.value(json) else {
            throw fields.invalid(key, "must be a number; NaN and Infinity are written as text")
        }
        return number
    }
}

extension Request {
    /// The members of a body, which may be empty.
    fileprivate func fields(_ allowed: [String]) async throws -> JSONFields {
        let body = try await readBody(limit: StudiesLimits.bodyBytes)
        guard body.readableBytes > 0 else { return JSONFields(JSONObject()) }
        let fields = try JSONFields(try JSONValue.parse(body.readableBytesView))
        try fields.rejectUnknown(allowed)
        return fields
    }
}
