import Argo
import Core
import Foundation
import HTTPSupport
import Hummingbird
import NIOCore
import Pipelines
import Synchronization

/// Built-in steps for tasks that run elsewhere: a pod of a workflow has the server do a step, and waits.
///
/// The answer is a stream of JSON lines: `{"line": …}` as the step writes its log, an empty line from time to time so that
/// nobody on the way takes the connection for dead, and at the end `{"outputs": …}` or `{"error": …}`. Who hangs up ends the
/// step. Steps are idempotent by run and task, so a pod that lost its connection asks again.
struct StepRoutes: Sendable {
    private let steps: [String: BuiltinStep]
    private let directory: String
    private let clock: Clock
    private let running = Counter()

    /// How many calls are under way.
    private final class Counter: Sendable {
        private let count = Mutex(0)
        func enter() -> Bool {
            count.withLock { count in
                guard count < ArgoLimits.stepCalls else { return false }
                count += 1
                return true
            }
        }
        func leave() { count.withLock { $0 -= 1 } }
    }

    /// Routes over a house's steps; `directory` is where each call gets one of its own.
    init(steps: [BuiltinStep], directory: String, clock: Clock) {
        self.steps = Dictionary(steps.map { ($0.name, $0) }) { first, _ in first }
        self.directory = directory
        self.clock = clock
    }

    /// Registers the route.
    func register(in routes: RouteTable) {
        routes.post("/api/martlet/v1/steps/{name}/calls", permission: .operate, errors: .martlet) {
            [self] request, context in
            let name = try context.parameters.require("name")
            guard let step = steps[name] else {
                let known = steps.keys.sorted().joined(separator: ", ")
                throw MartletError(.notFound, "There is no step '\(name.prefix(100))'; the steps are \(known).")
            }
            let call = try StepCall(try await request.readJSON(), step: step, directory: directory)
            guard running.enter() else {
                throw MartletError(
                    .resourceExhausted,
                    "\(ArgoLimits.stepCalls) steps are called from elsewhere already; ask again later."
                )
            }
            return answer(step, call)
        }
    }

    private func answer(_ step: BuiltinStep, _ call: StepCall) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { [self] writer in
                defer { running.leave() }
                let (lines, feed) = AsyncStream<String>.makeStream(
                    bufferingPolicy: .bufferingNewest(ArgoLimits.logLines)
                )
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { [clock] in
                        feed.yield(await call.run(step, clock: clock) { feed.yield($0) })
                        feed.finish()
                    }
                    group.addTask { [clock] in
                        do {
                            while true {
                                try await clock.sleep(for: .seconds(ArgoLimits.keepAliveSeconds))
                                feed.yield("")
                            }
                        } catch is CancellationError {}
                    }
                    defer { group.cancelAll() }
                    for await line in lines { try await writer.write(ByteBuffer(string: line + "\n")) }
                }
                try await writer.finish(nil)
            }
        )
    }
}

/// One call of a step, as a pod sends it.
struct StepCall: Sendable {
    private let runID: String
    private let pipeline: String
    private let task: String
    private let attempt: Int
    private let with: JSONObject
    private let upstream: [String: JSONObject]
    private let directory: String

    /// Reads a call and fills references in, as a run of this server does.
    ///
    /// - Throws: `invalidArgument` naming what is wrong.
    init(_ body: JSONValue, step: BuiltinStep, directory: String) throws(MartletError) {
        let fields = try JSONFields(body)
        try fields.rejectUnknown([
            "run", "pipeline", "task", "attempt", "with", "parameters", "upstream", "item", "time",
        ])
        runID = try fields.string("run")
        pipeline = try fields.string("pipeline")
        task = try fields.string("task")
        attempt = Int(try fields.optionalInt("attempt", in: 1...1000) ?? 1)
        var outputs: [String: JSONObject] = [:]
        let given = try fields.optionalFields("upstream")
        for name in given?.object.keys ?? [] { outputs[name] = try given?.optionalObject(name) }
        upstream = outputs
        var values = ValueTemplate.Values(
            parameters: try fields.optionalObject("parameters") ?? [:],
            outputs: outputs,
            directory: "",
            runID: runID
        )
        values.item = fields.value("item")
        if let text = try fields.optionalString("time") {
            guard let date = try? Date(text, strategy: .iso8601) else {
                throw fields.invalid("time", "must be a time such as 2026-01-01T00:00:00Z")
            }
            values.time = Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
        }
        let declared = try fields.optionalFields("with")
        try declared?.rejectUnknown(step.parameters.map(\.name))
        with = try ValueTemplate.fill(.object(declared?.object ?? [:]), with: values, path: "with").objectValue ?? [:]
        // The run's and the task's names come from outside: they are no part of a path.
        self.directory = "\(directory)/steps/\(Identifier.random())"
    }

    /// Runs the step and gives the last line.
    func run(_ step: BuiltinStep, clock: Clock, say: @escaping @Sendable (String) -> Void) async -> String {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let outputs = try await step.run(
                StepContext(
                    runID: runID,
                    pipeline: pipeline,
                    task: task,
                    attempt: attempt,
                    parameters: with,
                    upstream: upstream,
                    directory: directory,
                    clock: clock,
                    log: { say(JSONValue.object(["line": .string($0)]).description) },
                    progress: { _, message in
                        if !message.isEmpty { say(JSONValue.object(["line": .string(message)]).description) }
                    }
                )
            )
            return JSONValue.object(["outputs": .object(outputs)]).description
        } catch {
            let failure = MartletError.wrapping(error)
            return JSONValue.object([
                "error": ["code": .string(failure.code.rawValue), "message": .string(failure.message)]
            ]).description
        }
    }
}
