package import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Runtimes

/// KServe V1: `/v1/models`, `/v1/models/{name}`, `:predict` and `:explain`, also below `/versions/{version}`.
///
/// A model is a deployment by its name. Requests may be CloudEvents; the answer is then one, too.
package struct V1Routes: Sendable {
    private let http: InferenceHTTP
    private let clock: Clock

    /// Serves `plane`; `clock` dates the events that answers are.
    package init(plane: DataPlane, clock: Clock = .system) {
        http = InferenceHTTP(plane: plane)
        self.clock = clock
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let http = http
        let clock = clock
        routes.get("/v1/models", permission: .read, errors: .inference) { _, _ in
            .json(["models": .array(http.plane.deployments.all.map { .string($0.name) })])
        }
        for path in ["/v1/models/{name}", "/v1/models/{name}/versions/{version}"] {
            routes.get(path, permission: .read, errors: .inference) { _, context in
                if let refusal = Self.refusal(context) { return refusal }
                let deployment = try http.deployment(try context.parameters.require("name"))
                let routing = try deployment.ready()
                if let version = try InferenceHTTP.version(context), routing.model(version: version) == nil {
                    throw MartletError(.notFound, "Version \(version) of '\(deployment.name)' is not loaded.")
                }
                return .json(["name": .string(deployment.name), "ready": true])
            }
            routes.post(path, permission: .predict, errors: .inference) { request, context in
                try await http.run(.v1, request, context, route: path) { id in
                    let target = try Target(context, http)
                    return try await V1Exchange(http: http, clock: clock, request: request, id: id).answer(target)
                }
            }
        }
    }

    /// The answer to a GET of a verb, which is for POST.
    private static func refusal(_ context: AppRequestContext) -> Response? {
        let last = context.parameters.get("version") ?? context.parameters.get("name") ?? ""
        guard Target.Verb.allCases.contains(where: { last.hasSuffix(":\($0.rawValue)") }) else { return nil }
        var response = Response.json(["error": "Post to ':predict' and ':explain'."], status: .methodNotAllowed)
        response.headers[.allow] = "POST"
        return response
    }

    /// What a path asks for: `/v1/models/{name}[/versions/{version}]:{verb}`.
    struct Target {
        /// The things that can be asked of a model.
        enum Verb: String, CaseIterable {
            case predict
            case explain
        }

        let deployment: LiveDeployment
        let version: Int?
        let verb: Verb

        init(_ context: AppRequestContext, _ http: InferenceHTTP) throws {
            let name = try context.parameters.require("name")
            let last = context.parameters.get("version") ?? name
            guard let colon = last.lastIndex(of: ":") else {
                throw MartletError(.notFound, "Post to /v1/models/{name}:predict or :explain.")
            }
            let word = last[last.index(after: colon)...]
            guard let verb = Verb(rawValue: String(word)) else {
                throw MartletError(
                    .unimplemented,
                    "The verb ':\(word.prefix(40))' is not implemented; there are ':predict' and ':explain'."
                )
            }
            self.verb = verb
            let isVersion = context.parameters.get("version") != nil
            deployment = try http.deployment(isVersion ? name : String(last[..<colon]))
            version = isVersion ? try InferenceHTTP.version(last[..<colon]) : nil
        }
    }
}

/// One V1 request and its answer, as plain JSON or as CloudEvents.
private struct V1Exchange {
    let http: InferenceHTTP
    let clock: Clock
    let request: Request
    let id: String

    func answer(_ target: V1Routes.Target) async throws -> Answered {
        try InferenceHTTP.requireJSON(request)
        try http.plane.admit(target.deployment, version: target.version)
        let deadline = try InferenceHTTP.deadline(request)
        let model = try await http.plane.model(of: target.deployment, version: target.version)
        let buffer = try await InferenceHTTP.body(request)
        let (event, data) = try InferenceHTTP.parse(buffer) { try envelope($0) }
        let bytes: [UInt8]
        var answered: Answered
        switch target.verb {
        case .predict:
            let (input, count) = try InferenceHTTP.parse(buffer) { bytes in
                try Self.meaning(UnsafeBufferPointer(rebasing: bytes[data]), model)
            }
            let response = try await http.plane.infer(
                InferenceRequest(
                    id: id,
                    deployment: target.deployment,
                    version: target.version,
                    call: ModelCall(input, deadline: deadline),
                    count: count,
                    via: .v1,
                    readFor: model,
                    header: InferenceHTTP.header(request, target.deployment)
                )
            )
            bytes = try V1Answer.write(response)
            answered = Answered(response: Response(status: .ok), served: response.served, inference: response)
        case .explain:
            let rows = try InferenceHTTP.parse(buffer) { bytes in
                try V1Body.rows(
                    UnsafeBufferPointer(rebasing: bytes[data]),
                    try ExplanationRequest.requireRows(model)
                )
            }
            var wish = ExplanationRequest(deployment: target.deployment, version: target.version, rows: rows)
            wish.deadline = deadline
            try wish.take(seed: number("seed"), samples: number("samples"))
            let explanation = try await http.plane.explain(wish)
            bytes = explanation.json()
            answered = Answered(response: Response(status: .ok), served: explanation.served)
        }
        if let event {
            answered.response = await respond(to: event, bytes, target.deployment.name)
        } else {
            answered.response = await InferenceHTTP.json(bytes, id: id, request)
        }
        return answered
    }

    /// A number of the query; text that is none is refused by who reads it.
    private func number(_ name: String) -> JSONValue? {
        request.query(name).map { text in Int64(text).map(JSONValue.integer) ?? .string(text) }
    }

    private static func meaning(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ model: LoadedModel
    ) throws -> JSONInput.Meaning {
        guard model.rows != nil else { return try V1Input.meaning(bytes, model) }
        let rows = try V1Body.rows(bytes, model)
        return (.rows(rows.values, count: rows.count), rows.count)
    }

    /// The event that the request is, if it is one, and where its data stands in the body.
    private func envelope(_ bytes: UnsafeBufferPointer<UInt8>) throws -> (CloudEvent?, Range<Int>) {
        if let event = try CloudEvent.binary({ name in HTTPField.Name(name).flatMap { request.headers[$0] } }) {
            return (event, bytes.indices)
        }
        let type = request.headers[.contentType] ?? ""
        if type.prefix(while: { $0 != ";" }).lowercased() == "application/cloudevents+json" {
            let (event, data) = try CloudEvent.structured(bytes)
            return (event, data)
        }
        // KServe's clients may send an event as plain JSON; it is known by its attributes, none of which V1 has.
        if CloudEvent.looksStructured(bytes) {
            let (event, data) = try CloudEvent.structured(bytes)
            return (event, data)
        }
        return (nil, bytes.indices)
    }

    private func respond(to event: CloudEvent, _ bytes: [UInt8], _ model: String) async -> Response {
        let answer = CloudEvent.answer(to: event, model: model, id: Identifier.random())
        switch event.mode {
        case .structured:
            let body = answer.write(bytes, time: clock.now)
            return await InferenceHTTP.answer(body, contentType: "application/cloudevents+json", id: id, request)
        case .binary:
            var response = await InferenceHTTP.json(bytes, id: id, request)
            for (name, value) in answer.headers + [("ce-time", clock.now.iso8601)] {
                if let field = HTTPField.Name(name) { response.headers[field] = value }
            }
            return response
        }
    }
}
