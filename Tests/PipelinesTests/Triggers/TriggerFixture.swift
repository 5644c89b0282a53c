import Core
import HTTPSupport
import Logging
import Pipelines
import Storage
import Synchronization
import TestSupport
import Testing

/// Triggers over a database, with a clock that is moved by hand and a stream of events that is written by hand.
final class TriggerFixture: Sendable {
    let pipelines: PipelineFixture
    let manual: ManualClock
    let events = Mutex<[TriggerEvent]>([])
    /// How often the stream was read.
    let reads = Mutex(0)
    let secrets: [String: String] = ["hook": "a secret of some length", "binary": "whsec_c2VjcmV0IGJ5dGVz"]

    /// 2026-05-01T00:00:30Z.
    static let start = Timestamp(milliseconds: 1_777_593_630_000)

    init(now: Timestamp = TriggerFixture.start) async throws {
        manual = ManualClock(now: now)
        pipelines = try await PipelineFixture(clock: manual.clock)
        try await pipelines.database.migrate(PipelineStore.migrations + TriggerStore.migrations)
    }

    /// A new service over new pipelines, as a new process would have.
    func service() -> TriggerService {
        TriggerService(
            store: TriggerStore(database: pipelines.database, clock: manual.clock),
            pipelines: pipelines.service(),
            actions: TriggerActions(
                events: { after in
                    self.reads.withLock { $0 += 1 }
                    return self.events.withLock { events in
                        let from = after.map { Int($0) } ?? events.count
                        let found = Array(events.dropFirst(from).prefix(TriggerLimits.eventPage))
                        return TriggerEventPage(events: found, next: Int64(from + found.count), isMissing: false)
                    }
                },
                secrets: { names in self.secrets.filter { names.contains($0.key) } }
            ),
            clock: manual.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Declares the pipeline `p` with a parameter `x` and these triggers.
    func declare(_ triggers: JSONValue, pipeline: String = "p", more: JSONObject = [:]) async throws {
        var section: JSONObject = [
            "parameters": ["x": "none"], "tasks": ["only": ["run": ["true"]]], "triggers": triggers,
        ]
        for (key, value) in more.pairs { section[key] = value }
        try await pipelines.apply(.object(JSONObject([(pipeline, .object(section))])))
        // Declarations of one millisecond are told apart only by being read again.
        manual.advance(by: .milliseconds(1))
    }

    func advance(_ duration: Duration) {
        manual.advance(by: duration)
    }

    func emit(_ type: String, _ subject: String, _ data: JSONObject = [:], id: String = Identifier.random()) {
        events.withLock {
            $0.append(TriggerEvent(id: id, type: type, subject: subject, data: data, at: manual.now))
        }
    }

    /// The runs of a pipeline, the oldest first: what asked for them and what they were given.
    func runs(_ pipeline: String = "p") async throws -> [PipelineRun] {
        // Those of one millisecond by the time that they are for.
        try await pipelines.service().runs(pipeline: pipeline, limit: 500).items.sorted { one, other in
            one.createdAt == other.createdAt
                ? (one.time ?? one.createdAt) < (other.time ?? other.createdAt) : one.createdAt < other.createdAt
        }
    }

    /// The values of `x` of all runs, the oldest first.
    func values(_ pipeline: String = "p") async throws -> [String] {
        try await runs(pipeline).map { $0.parameters["x"]?.stringValue ?? "" }
    }

    /// Ends the runs that wait, as a server that works would.
    func finishRuns() async throws {
        let service = pipelines.service()
        for run in try await runs() where !run.state.isFinal { try await service.cancel(run.id) }
    }
}

/// A time of day of 2026-05-01 in universal time, such as `03:00`.
func today(_ text: String) -> String { "2026-05-01T\(text):00Z" }
