import Core
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// A small API server with faults where a test wants them.
///
/// It keeps workflows as they are posted and plays a list of statuses. It speaks HTTP over a real connection, and is no cluster.
final class StandInCluster: Sendable {
    /// What goes wrong with the next request of a kind.
    enum Fault: Equatable {
        /// An answer with this status.
        case status(Int)
        /// A watch that ends after so many events.
        case drop(after: Int)
        /// A watch that says that it does not know its place any more.
        case gone
    }

    private struct State {
        var workflow: JSONValue?
        var version = 1
        /// The statuses still to come.
        var script: [JSONValue]
        var faults: [String: [Fault]] = [:]
        var requests: [String] = []
        var bodies: [JSONValue] = []
        var isShutDown = false
    }

    private let state: Mutex<State>
    private let logs: [String: String]
    /// What the workflow becomes when it is to be terminated.
    private let terminated: JSONValue?

    init(script: [JSONValue], logs: [String: String] = [:], terminated: JSONValue? = nil) {
        state = Mutex(State(script: script))
        self.logs = logs
        self.terminated = terminated
    }

    /// What was asked, such as `POST workflows`, `WATCH`, `GET log/pod-1`.
    var requests: [String] { state.withLock { $0.requests } }
    /// The bodies that were sent.
    var bodies: [JSONValue] { state.withLock { $0.bodies } }

    /// Lets the next requests of a kind fail, one after the other.
    func fail(_ kind: String, _ faults: Fault...) {
        state.withLock { $0.faults[kind, default: []] += faults }
    }

    /// Puts a workflow there that somebody else made.
    func place(_ workflow: JSONValue) { state.withLock { $0.workflow = workflow } }

    /// Lets the rest of the script come to pass at once, as if nobody had looked.
    func play(_ count: Int) {
        state.withLock { state in for _ in 0..<count { Self.advance(&state) } }
    }

    private static func advance(_ state: inout State) {
        guard !state.script.isEmpty, var workflow = state.workflow?.objectValue else { return }
        state.version += 1
        workflow["status"] = state.script.removeFirst()
        var metadata = workflow["metadata"]?.objectValue ?? [:]
        metadata["resourceVersion"] = .string("\(state.version)")
        workflow["metadata"] = .object(metadata)
        state.workflow = .object(workflow)
    }

    var router: Router<BasicRequestContext> {
        let router = Router()
        let base = "/apis/argoproj.io/v1alpha1/namespaces/ml/workflows"
        router.post("\(base)") { request, _ in try await self.create(request, "workflows") }
        router.post("/api/v1/namespaces/ml/configmaps") { request, _ in try await self.create(request, "configmaps") }
        router.get("\(base)") { request, _ in self.watch(request) }
        router.get("\(base)/:name") { _, _ in
            self.answer("GET workflow") { $0.workflow.map { (200, $0) } ?? (404, ["message": "not found"]) }
        }
        router.patch("\(base)/:name") { request, _ in
            let body = try await Self.body(request)
            return self.answer("PATCH workflow") { state in
                state.bodies.append(body)
                state.isShutDown = true
                if let terminated = self.terminated { state.script = [terminated] }
                return (200, state.workflow ?? .null)
            }
        }
        router.get("/api/v1/namespaces/ml/pods") { _, _ in
            self.answer("GET pods") { _ in
                let pods = self.logs.keys.sorted().map { node -> JSONValue in
                    [
                        "metadata": [
                            "name": .string("pod-\(node)"),
                            "annotations": ["workflows.argoproj.io/node-id": .string(node)],
                        ]
                    ]
                }
                return (200, ["items": .array(pods)])
            }
        }
        router.get("/api/v1/namespaces/ml/pods/:pod/log") { _, context in
            let pod = String(context.parameters.get("pod")?.dropFirst(4) ?? "")
            if let fault = self.note("GET log/\(pod)", fault: "GET log") { return fault }
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: self.logs[pod] ?? "")))
        }
        return router
    }

    private static func body(_ request: Request) async throws -> JSONValue {
        try JSONValue.parse(try await request.body.collect(upTo: 1024 * 1024).readableBytesView)
    }

    private func create(_ request: Request, _ kind: String) async throws -> Response {
        let body = try await Self.body(request)
        return answer("POST \(kind)") { state in
            state.bodies.append(body)
            guard kind == "workflows" else { return (201, body) }
            guard state.workflow == nil else { return (409, ["message": "already exists"]) }
            var object = body.objectValue ?? [:]
            var metadata = object["metadata"]?.objectValue ?? [:]
            metadata["resourceVersion"] = "1"
            object["metadata"] = .object(metadata)
            state.workflow = .object(object)
            return (201, .object(object))
        }
    }

    /// Takes the request down; gives the answer of a fault that was asked for.
    private func note(_ what: String, fault kind: String) -> Response? {
        state.withLock { state -> Int? in
            state.requests.append(what)
            guard case .status(let status)? = state.faults[kind]?.first else { return nil }
            state.faults[kind]?.removeFirst()
            return status
        }.map { Self.json($0, ["kind": "Status", "message": .string("fault \($0)"), "code": .int($0)]) }
    }

    private func answer(_ what: String, _ body: (inout State) -> (Int, JSONValue)) -> Response {
        // A fault of a POST may come after the work was done: that is what makes it hard.
        let wasDone = state.withLock { $0.faults[what]?.first == .status(504) }
        if wasDone { _ = state.withLock { body(&$0) } }
        if let fault = note(what, fault: what) { return fault }
        let (status, value) = state.withLock { body(&$0) }
        return Self.json(status, value)
    }

    private static func json(_ status: Int, _ value: JSONValue) -> Response {
        Response(
            status: .init(code: status),
            headers: status == 429
                ? [.retryAfter: "0", .contentType: "application/json"] : [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.serialized()))
        )
    }

    private static func event(_ type: String, _ object: JSONValue) -> ByteBuffer {
        let event: JSONValue = ["type": .string(type), "object": object]
        return ByteBuffer(string: event.description + "\n")
    }

    /// Each event is the next status of the script; a watch that has played all ends.
    private func watch(_ request: Request) -> Response {
        if let fault = note("WATCH", fault: "WATCH") { return fault }
        let fault = state.withLock { state -> Fault? in
            guard state.faults["WATCH"]?.isEmpty == false else { return nil }
            return state.faults["WATCH"]?.removeFirst()
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody { writer in
                if fault == .gone {
                    let gone: JSONValue = ["kind": "Status", "code": 410, "message": "too old resource version"]
                    try await writer.write(Self.event("ERROR", gone))
                    return try await writer.finish(nil)
                }
                try await writer.write(Self.event("BOOKMARK", ["metadata": ["resourceVersion": "1"]]))
                var sent = 0
                while true {
                    if case .drop(let count)? = fault, sent >= count {
                        // Ends in the middle of an event, and without a proper end.
                        try await writer.write(ByteBuffer(string: "{\"type\":\"MODIF"))
                        throw MartletError(.unavailable, "the connection breaks")
                    }
                    let next = self.state.withLock { state -> JSONValue? in
                        guard !state.script.isEmpty else { return nil }
                        Self.advance(&state)
                        return state.workflow
                    }
                    guard let next else { return try await writer.finish(nil) }
                    try await writer.write(Self.event("MODIFIED", next))
                    sent += 1
                }
            }
        )
    }
}

extension HTTPField.Name {
    fileprivate static let retryAfter = HTTPField.Name("retry-after") ?? .date
}
