import Core
import Ledger
import Rollouts
import Serving
import Synchronization
import Storage
import TestSupport
import Testing

@Suite("Ledger: every prediction, and the label that comes later", .overEveryDatabase)
struct PredictionLedgerTests {
    @Test("A prediction is recorded with everything that was known")
    func record() async throws {
        let harness = try await ServingHarness.serving()
        harness.monitor.state.withLock { $0.signal = DriftSignal(isDetected: true) }
        let answer = try await harness.predict("a", [17.99, .nan])
        let record = try #require(try await harness.ledger.recentRows("cancer", limit: 5).first)
        #expect(record.id == "a")
        #expect(record.version == 1)
        #expect(record.arm == .stable)
        #expect(record.features[0] == 17.99)
        #expect(record.features[1].isNaN)
        #expect(record.prediction == "benign")
        #expect(Float(record.score) == answer.outputs[0])
        #expect(record.drift)
        #expect(record.createdAt == harness.time.now)
        #expect(record.json["features"] == [17.99, nil])
        #expect(harness.monitor.state.withLock { $0.rows } == 1)
    }

    @Test("A label may overtake its prediction's way to the table")
    func labelBeforeFlush() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        #expect(harness.ledger.counts.waiting == 1)
        #expect(try await harness.ledger.feedback("a", label: "benign"))
        #expect(harness.ledger.counts.waiting == 0)
    }

    @Test("Labels come in any order and weeks late; accuracy per version and hour is right afterwards")
    func outOfOrder() async throws {
        let harness = try await ServingHarness.serving()
        let begin = harness.time.now
        for hour in 0..<3 {
            for index in 0..<4 { try await harness.predict("\(hour)-\(index)") }
            harness.time.advance(by: .seconds(3600))
        }
        harness.time.advance(by: .seconds(14 * 86_400))
        for hour in [2, 0, 1] {
            for index in 0...hour {
                let label: JSONValue = index == 0 ? "malignant" : "benign"
                #expect(try await harness.ledger.feedback("\(hour)-\(index)", label: label))
            }
        }
        let windows = try await harness.ledger.quality("cancer", since: begin, window: .seconds(3600))
        #expect(windows.map(\.predictions) == [4, 4, 4])
        #expect(windows.map(\.labelled) == [1, 2, 3])
        #expect(windows.map(\.correct) == [0, 1, 2])
        let record = try #require(try await LedgerStore(database: harness.database).find("2-0"))
        #expect(record.labelledAt == harness.time.now)
    }

    @Test("The same label again changes nothing; another one corrects it; one of an unknown id waits")
    func repeatedLabels() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        #expect(try await harness.ledger.feedback("a", label: "benign"))
        #expect(try await harness.ledger.feedback("a", label: "benign") == false)
        #expect(try await harness.ledger.feedback("a", label: 1) == false)
        #expect(try await harness.ledger.feedback("a", label: "malignant"))
        #expect(try await LedgerStore(database: harness.database).find("a")?.label == "malignant")
        #expect(try await harness.ledger.feedback("b", label: "benign") == false)
        try await harness.predict("b")
        try await harness.ledger.flush()
        #expect(try await LedgerStore(database: harness.database).find("b")?.label == "benign")
    }

    @Test("A label is a class by name, index or truth value, and nothing else")
    func labelForms() async throws {
        let harness = try await ServingHarness.serving()
        let good: [(JSONValue, String)] = [
            ("malignant", "malignant"), (0, "malignant"), (1, "benign"), (true, "benign"),
        ]
        for (position, (label, text)) in good.enumerated() {
            try await harness.predict("g\(position)")
            #expect(try await harness.ledger.feedback("g\(position)", label: label))
            #expect(try await LedgerStore(database: harness.database).find("g\(position)")?.label == text)
        }
        try await harness.predict("b")
        for label: JSONValue in ["Benign", 2, -1, 0.5, nil, [], [:], "", 1e300] {
            #expect(await code { _ = try await harness.ledger.feedback("b", label: label) } == .invalidArgument)
        }
    }

    @Test("A regression takes numbers as labels, and its error decides which version is nearer")
    func regression() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2), classes: [])
        try await harness.apply()
        try await harness.predict("a", [0, 0])
        #expect(try await harness.ledger.feedback("a", label: 0.5))
        #expect(await code { _ = try await harness.ledger.feedback("a", label: "high") } == .invalidArgument)
        let record = try #require(try await LedgerStore(database: harness.database).find("a"))
        #expect(record.prediction == "0.5")
        #expect(record.label == "0.5")
    }

    @Test("A label of a deployment that is gone is still understood: the ledger knows its classes")
    func removedDeployment() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        try await harness.ledger.flush()
        try await harness.controller.remove("cancer")
        #expect(await code { _ = try await harness.ledger.feedback("a", label: "purple") } == .invalidArgument)
        #expect(try await harness.ledger.feedback("a", label: 0))
        #expect(try await LedgerStore(database: harness.database).find("a")?.label == "malignant")
    }

    @Test("The queue drops what does not fit, counts it, and answers the request all the same")
    func fullQueue() async throws {
        let harness = try await ServingHarness.serving(capacity: 3)
        for index in 0..<5 { try await harness.predict("\(index)") }
        #expect(harness.ledger.counts.waiting == 3)
        #expect(harness.ledger.counts.dropped == 2)
        #expect(try await harness.ledger.recentRows("cancer", limit: 10).map(\.id) == ["2", "1", "0"])
        try await harness.predict("5")
        #expect(harness.ledger.counts.waiting == 1)
    }

    @Test("The standard capacity holds ledgerQueueRows rows and not one more; batches of any size are written")
    func standardCapacity() async throws {
        let harness = try await ServingHarness.serving()
        let rows = ServingLimits.ledgerQueueRows - 1
        let values = [Float](repeating: 1, count: rows * 2)
        _ = try await harness.plane.infer(
            InferenceRequest(id: "many", deployment: harness.table.find("cancer"), rows: values, count: rows, via: .v2)
        )
        try await harness.predict("last")
        try await harness.predict("dropped")
        #expect(harness.ledger.counts.waiting == ServingLimits.ledgerQueueRows)
        #expect(harness.ledger.counts.dropped == 1)
        #expect(ServingLimits.ledgerBatchRows < rows)
        try await harness.ledger.flush()
        let store = LedgerStore(database: harness.database)
        #expect(try await store.find("last") != nil)
        #expect(try await store.find("many:0") != nil)
        #expect(try await store.find("many:\(rows - 1)") != nil)
    }

    @Test("An id used twice keeps its first prediction")
    func repeatedID() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a", [1, 0])
        try await harness.predict("a", [-1, 0])
        let records = try await harness.ledger.recentRows("cancer", limit: 5)
        #expect(records.count == 1)
        #expect(records.first?.features == [1, 0])
    }

    @Test("Old rows go by age, and the oldest when there are too many")
    func pruning() async throws {
        let harness = try await ServingHarness.serving()
        let store = LedgerStore(database: harness.database)
        for index in 0..<6 { try await harness.predict("\(index)") }
        try await harness.ledger.flush()
        func prune(age: Duration, rows: Int64) async throws {
            try await store.note(LedgerSpec(retention: .init(age: age, rows: rows)), of: "cancer")
            _ = try await store.prune(now: harness.time.now)
        }
        try await prune(age: LedgerLimits.defaultAge, rows: 4)
        #expect(try await harness.ledger.recentRows("cancer", limit: 9).map(\.id) == ["5", "4", "3", "2"])
        harness.time.advance(by: .seconds(5))
        try await prune(age: .seconds(5), rows: LedgerLimits.defaultRows)
        #expect(try await harness.ledger.recentRows("cancer", limit: 9).count == 4)
        try await prune(age: .seconds(4), rows: LedgerLimits.defaultRows)
        #expect(try await harness.ledger.recentRows("cancer", limit: 9).isEmpty)
        try await harness.predict("6")
        #expect(try await harness.ledger.recentRows("cancer", limit: 9).map(\.id) == ["6"])
    }

    @Test("The running ledger gathers, writes, prunes and empties its queue when it is stopped")
    func running() async throws {
        let harness = try await ServingHarness.serving()
        await withDiscardingTaskGroup { group in
            group.addTask { await harness.ledger.run() }
            for round in 0..<2 {
                _ = try? await harness.predict("\(round)")
                while harness.time.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
                #expect(harness.ledger.counts.waiting == 1)
                harness.time.advance(by: ServingLimits.ledgerGather + ServingLimits.ledgerPruneInterval)
                while harness.ledger.counts.waiting > 0 { try? await Task.sleep(for: .milliseconds(1)) }
                // A flush waits for the one under way, which would otherwise take the next row along ungathered.
                _ = try? await harness.ledger.flush()
            }
            _ = try? await harness.predict("last")
            group.cancelAll()
        }
        #expect(harness.ledger.counts.waiting == 0)
        #expect(try await LedgerStore(database: harness.database).find("last") != nil)
    }

    @Test("A database that refuses writes is tried again after a pause, and nothing is lost meanwhile")
    func failingDatabase() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.database.write { try $0.execute("ALTER TABLE ledger_rows RENAME TO hidden") }
        await withDiscardingTaskGroup { group in
            group.addTask { await harness.ledger.run() }
            _ = try? await harness.predict("a")
            while harness.time.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            harness.time.advance(by: ServingLimits.ledgerGather)
            while harness.time.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            #expect(harness.ledger.counts.waiting == 1)
            _ = try? await harness.database.write { try $0.execute("ALTER TABLE hidden RENAME TO ledger_rows") }
            harness.time.advance(by: ServingLimits.ledgerRetryPause)
            while harness.ledger.counts.waiting > 0 { try? await Task.sleep(for: .milliseconds(1)) }
            group.cancelAll()
        }
        #expect(try await LedgerStore(database: harness.database).find("a") != nil)
    }

    @Test("Sampled-out requests are counted by hour, cost no row, and their labels are answered as such")
    func sampling() async throws {
        let harness = try await ServingHarness.serving()
        let spec = LedgerSpec(sampling: 0.25)
        try await apply(spec, to: harness)
        for index in 0..<200 { try await harness.predict("r\(index)") }
        let store = LedgerStore(database: harness.database)
        try await harness.ledger.flush()
        let kept = (0..<200).filter { spec.keeps("r\($0)") }
        let hour = try #require(try await store.hours("cancer").first)
        #expect(hour.predictions == 200 && hour.kept == Int64(kept.count))
        #expect((25...75).contains(kept.count))
        let out = try #require((0..<200).first { !kept.contains($0) })
        let item = FeedbackItem(subject: .request(id: "r\(out)", deployment: nil), label: "benign")
        #expect(try await harness.ledger.desk.take(item).outcome == .sampledOut)
    }

    @Test("A redacted column is never written, a long row is cut, an entity comes from an input; the rows say so")
    func redaction() async throws {
        let harness = try await ServingHarness.serving()
        try await apply(LedgerSpec(redact: ["x0"], entity: .input("x0")), to: harness)
        try await harness.predict("a", [17, 2])
        let record = try #require(try await harness.ledger.recentRows("cancer", limit: 1).first)
        #expect(record.redactedColumns == [0] && record.features[1] == 2 && !record.isCut)
        #expect(record.entity == "17")
        #expect(record.json["features"] == [nil, 2.0])
        try await apply(LedgerSpec(payloadLimit: 7), to: harness)
        try await harness.predict("b", [17, 2])
        let cut = try #require(try await harness.ledger.recentRows("cancer", limit: 1).first)
        #expect(cut.id == "b" && cut.isCut && cut.features == [17])
    }

    private func apply(_ spec: LedgerSpec, to harness: ServingHarness) async throws {
        try await harness.controller.apply([
            DeploymentSpec(
                name: "cancer",
                reference: ModelReference(model: "cancer", selector: .alias("production")),
                rollout: .quick,
                ledger: spec
            )
        ])
    }

    private func code(_ body: () async throws -> Void) async -> MartletError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return MartletError.wrapping(error).code
        }
    }
}
