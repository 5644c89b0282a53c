import Core
import Replay
import Testing

/// The life of a replay: every event in every state.
@Suite("Replay: state machine")
struct ReplayRecordTests {
    private static let now = ReplayFixture.start
    private static let verdict = ReplayVerdict(.pass, "all is well")

    private static let events: [ReplayRecord.Event] = [
        .started, .progressed(rows: 5, fraction: 0.5), .finished(["rows": 1], verdict), .failed("broken"),
        .cancelled(by: "ann"), .serverEnded,
    ]

    private func record(_ state: ReplayRecord.State) -> ReplayRecord {
        var record = ReplayRecord(
            id: "a",
            request: ReplayFixture.request(),
            requestedBy: "ann",
            key: nil,
            createdAt: Self.now
        )
        switch state {
        case .queued: break
        case .running: record.handle(.started, now: Self.now)
        case .succeeded:
            record.handle(.started, now: Self.now)
            record.handle(.finished(["rows": 1], Self.verdict), now: Self.now)
        case .failed: record.handle(.failed("broken"), now: Self.now)
        case .cancelled: record.handle(.cancelled(by: "ann"), now: Self.now)
        }
        return record
    }

    @Test("An event leads where the table says, or nowhere")
    func transitions() {
        typealias State = ReplayRecord.State
        let expected: [State: [State]] = [
            .queued: [.running, .queued, .queued, .failed, .cancelled, .queued],
            .running: [.running, .running, .succeeded, .failed, .cancelled, .queued],
            .succeeded: Array(repeating: .succeeded, count: 6),
            .failed: Array(repeating: .failed, count: 6),
            .cancelled: Array(repeating: .cancelled, count: 6),
        ]
        for state in State.allCases {
            for (event, goal) in zip(Self.events, expected[state] ?? []) {
                var record = record(state)
                let before = record
                let changed = record.handle(event, now: Self.now + .seconds(1))
                #expect(record.state == goal, "\(state) \(event)")
                #expect(changed == (record != before), "\(state) \(event)")
            }
        }
    }

    @Test("A replay that a server leaves behind is begun once more, and not twice")
    func interrupted() {
        var record = record(.running)
        record.handle(.serverEnded, now: Self.now)
        #expect(record.state == .queued)
        record.handle(.started, now: Self.now)
        #expect(record.attempts == ReplayLimits.attempts)
        record.handle(.serverEnded, now: Self.now)
        #expect(record.state == .failed)
        #expect(record.message.contains("2 times"))
    }

    @Test("Progress never goes back and stays a share")
    func progress() {
        var record = record(.running)
        record.handle(.progressed(rows: 500, fraction: 0.6), now: Self.now)
        record.handle(.progressed(rows: 400, fraction: 0.4), now: Self.now)
        #expect(record.rowsRead == 500)
        #expect(record.fraction == 0.6)
        record.handle(.progressed(rows: 600, fraction: .infinity), now: Self.now)
        #expect(record.fraction == 1)
    }
}
