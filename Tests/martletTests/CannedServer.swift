import Core
import Synchronization
import TestSupport
import martlet

/// A server made of prepared answers, and a terminal that remembers: a command seen from both sides.
final class CannedServer: Sendable {
    /// What a request is answered with.
    struct Answer: Sendable {
        var status = 200
        var body: JSONValue = [:]
    }

    private struct State {
        var answers: [String: [Answer]] = [:]
        var requests: [ServerClient.Exchanged] = []
        var output = ""
        var errors = ""
    }

    private let state = Mutex(State())
    let clock = ManualClock(now: Timestamp(milliseconds: 1_767_225_700_000))

    /// Answers for `METHOD /path?query`; the last one of several stays.
    init(_ answers: [String: [Answer]]) {
        state.withLock { $0.answers = answers }
    }

    /// One answer with status 200 each.
    convenience init(_ bodies: [String: JSONValue]) {
        self.init(bodies.mapValues { [Answer(body: $0)] })
    }

    var output: String { state.withLock(\.output) }
    var errors: String { state.withLock(\.errors) }
    var requests: [String] { state.withLock { $0.requests.map { "\($0.method) \($0.path)" } } }
    var bodies: [JSONValue] { state.withLock { $0.requests.compactMap(\.body) } }

    /// Runs a command to its end.
    func run(_ arguments: String..., width: Int? = nil, colours: Bool = false) async -> Int32 {
        await run(arguments, width: width, colours: colours)
    }

    /// Runs a command to its end.
    func run(_ arguments: [String], width: Int? = nil, colours: Bool = false) async -> Int32 {
        let terminal = Terminal(
            width: width,
            colours: colours,
            output: { text in self.state.withLock { $0.output += text } },
            errors: { text in self.state.withLock { $0.errors += text } }
        )
        let server = ServerClient { request in try self.answer(request) }
        return await InProcess(server: server, terminal: terminal, clock: clock.clock).run(arguments)
    }

    private func answer(_ request: ServerClient.Exchanged) throws -> (status: Int, body: [UInt8]) {
        state.withLock { state in
            state.requests.append(request)
            let key = "\(request.method) \(request.path)"
            guard var answers = state.answers[key], let next = answers.first else {
                let body: JSONValue = ["error": ["code": "notFound", "message": .string("There is no '\(key)'.")]]
                return (404, body.serialized())
            }
            if answers.count > 1 {
                answers.removeFirst()
                state.answers[key] = answers
            }
            return (next.status, next.body.serialized())
        }
    }
}
