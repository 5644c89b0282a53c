import Core
import Synchronization

/// Sends held-out rows to `/predict` at a steady pace; the right answers follow later through `/feedback`.
final class TrafficGenerator: Sendable {
    private struct State {
        var rows: TrafficRows
        var pool = TrafficRows.Pool.first
        var isRecalibrated = false
        var underWay = 0
        var leftOut = 0
        var failures = 0
        var lastFailure: String?
        var byVersion: [Int: TrafficTally] = [:]
        var generator: SeededGenerator
    }

    private let client: ServerClient
    private let clock: Clock
    private let recalibration: Recalibration
    private let state: Mutex<State>

    /// A generator over `rows`; `seed` decides when labels arrive.
    init(client: ServerClient, rows: TrafficRows, clock: Clock, seed: UInt64) {
        self.client = client
        self.clock = clock
        recalibration = Recalibration(features: rows.features)
        state = Mutex(State(rows: rows, generator: SeededGenerator(seed: seed)))
    }

    /// From now on the instruments report other values.
    func recalibrate() {
        state.withLock { $0.isRecalibrated = true }
    }

    /// From now on rows are sent that no model was trained on.
    func useSecondPool() {
        state.withLock { $0.pool = .second }
    }

    /// How many features the recalibration changes.
    var recalibratedFeatures: Int {
        recalibration.changedCount
    }

    /// What was seen of a version.
    func tally(of version: Int) -> TrafficTally {
        state.withLock { $0.byVersion[version] ?? TrafficTally() }
    }

    /// Requests answered, failed and left out because too many were under way.
    var totals: (answered: Int, failed: Int, leftOut: Int) {
        state.withLock { state in
            (state.byVersion.values.reduce(0) { $0 + $1.answered }, state.failures, state.leftOut)
        }
    }

    /// What the last failed request said.
    var lastFailure: String? {
        state.withLock { $0.lastFailure }
    }

    /// Sends until the task is cancelled.
    func run() async {
        let pause = Duration.milliseconds(1000 / DemoLimits.requestsPerSecond)
        await withDiscardingTaskGroup { group in
            while (try? await clock.sleep(for: pause)) != nil {
                guard let (row, delay) = nextRow() else { continue }
                group.addTask { await self.ask(row.features, label: row.label, delay: delay) }
            }
        }
    }

    private func nextRow() -> ((features: [Double], label: String), Duration)? {
        state.withLock { state in
            guard state.underWay < DemoLimits.requestsUnderWay else {
                state.leftOut += 1
                return nil
            }
            guard var row = state.rows.next(from: state.pool) else { return nil }
            if state.isRecalibrated { row.features = recalibration.apply(to: row.features) }
            state.underWay += 1
            let spread = DemoLimits.labelDelayMaximum - DemoLimits.labelDelayMinimum
            let delay = DemoLimits.labelDelayMinimum + state.generator.index(below: spread)
            return (row, .milliseconds(delay))
        }
    }

    private func ask(_ features: [Double], label: String, delay: Duration) async {
        let start = Clock.monotonicNanoseconds
        let answer: JSONValue
        do {
            let body: JSONValue = ["features": .array(features.map(JSONValue.number))]
            answer = try await client.send("POST", "/predict", body)
        } catch {
            return note(error)
        }
        let milliseconds = Double(Clock.monotonicNanoseconds - start) / 1e6
        state.withLock { state in
            state.underWay -= 1
            guard let version = answer["model_version"].flatMap(Self.version) else { return }
            let isCorrect = answer["label"]?.stringValue == label
            state.byVersion[version, default: TrafficTally()].answer(milliseconds: milliseconds, isCorrect: isCorrect)
        }
        guard let id = answer["request_id"]?.stringValue else { return }
        guard (try? await clock.sleep(for: delay)) != nil else { return }
        do {
            _ = try await client.send("POST", "/feedback", ["request_id": .string(id), "label": .string(label)])
        } catch {
            state.withLock { state in
                state.failures += 1
                state.lastFailure = "\(error)"
            }
        }
    }

    private static func version(_ value: JSONValue) -> Int? {
        value.integerValue.map(Int.init) ?? value.stringValue.flatMap { Int($0) }
    }

    private func note(_ error: any Error) {
        guard !Task.isCancelled else { return }
        state.withLock { state in
            state.underWay -= 1
            state.failures += 1
            state.lastFailure = (error as? MartletError)?.message ?? "\(error)"
        }
    }
}
