import Core
import Ledger
import Runtimes
import Serving
import Synchronization
import Testing

@Suite("What the ledger keeps of models that do not take rows of numbers")
struct LedgerValuesTests {
    private func infer(_ harness: ServingHarness, _ id: String, _ call: ModelCall, count: Int = 1) async throws {
        _ = try await harness.plane.infer(
            InferenceRequest(id: id, deployment: harness.table.find("cancer"), call: call, count: count, via: .v2)
        )
    }

    private func record(_ harness: ServingHarness) async throws -> LedgerRecord {
        try #require(try await harness.ledger.recentRows("cancer", limit: 1).first)
    }

    private func numbers(_ count: Int, rows: Int = 1) throws -> ModelCall {
        let tensor = try Tensor(shape: [rows, count], elements: (0..<count * rows).map { Float($0) })
        return ModelCall(.tensors([NamedTensor("x", tensor)], .named))
    }

    @Test("Numbers are kept by row, answers as text, ServingLimits.ledgerShownNumbers of a list")
    func numbersAndLists() async throws {
        let harness = try await ServingHarness.serving(TableRuntime())
        try await infer(harness, "a", try numbers(ServingLimits.ledgerShownNumbers + 1, rows: 2), count: 2)
        let rows = try await harness.ledger.recentRows("cancer", limit: 2)
        #expect(rows.map(\.id) == ["a:1", "a:0"])
        #expect(rows.last?.features == (0...ServingLimits.ledgerShownNumbers).map { Float($0) })
        #expect(rows.last?.prediction.split(separator: ",").count == ServingLimits.ledgerShownNumbers)
    }

    @Test("A row of more than ServingLimits.ledgerValuesPerRow numbers is kept without them")
    func longRows() async throws {
        let harness = try await ServingHarness.serving(TableRuntime())
        try await infer(harness, "fits", try numbers(ServingLimits.ledgerValuesPerRow))
        #expect(try await record(harness).features.count == ServingLimits.ledgerValuesPerRow)
        try await infer(harness, "long", try numbers(ServingLimits.ledgerValuesPerRow + 1))
        #expect(try await record(harness).features.isEmpty)
    }

    @Test("The monitor sees tensors as rows when they are as wide as the signature")
    func observed() async throws {
        let signature = ModelSignature(
            inputs: [.init(name: "a", type: .double), .init(name: "b", type: .double)],
            outputs: []
        )
        let harness = try await ServingHarness.serving(TableRuntime(), signature: signature)
        try await infer(harness, "fits", try numbers(2, rows: 3), count: 3)
        #expect(harness.monitor.state.withLock { $0.rows } == 3)
        try await infer(harness, "wide", try numbers(3))
        #expect(harness.monitor.state.withLock { $0.rows } == 3)
    }

    @Test("Text is kept as the answer, not as a feature; one number as number; an object in its beginning")
    func textAndObjects() async throws {
        let harness = try await ServingHarness.serving(TableRuntime())
        let words = try Tensor(shape: [1], strings: ["hello"])
        try await infer(harness, "text", ModelCall(.tensors([NamedTensor("w", words)], .columns)))
        var kept = try await record(harness)
        #expect(kept.features.isEmpty && kept.prediction == "hello" && kept.score == 0)
        let three = try Tensor(shape: [1], elements: [Int64(3)])
        try await infer(harness, "number", ModelCall(.tensors([NamedTensor("n", three)], .columns)))
        kept = try await record(harness)
        #expect(kept.features == [3] && kept.prediction == "3" && kept.score == 3)
        let long = JSONValue.string(String(repeating: "x", count: LedgerLimits.labelBytes * 2))
        try await infer(harness, "object", ModelCall(.json(["messages": long])))
        kept = try await record(harness)
        #expect(kept.prediction.utf8.count == LedgerLimits.labelBytes && kept.prediction.hasPrefix("{"))
    }

    @Test("The queue holds ServingLimits.ledgerQueueValues numbers and not one more")
    func queueValues() async throws {
        let width = 4096
        let rows = ServingLimits.ledgerQueueValues / (width + 1)
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: width))
        try await harness.apply()
        let values = [Float](repeating: 0, count: rows * width)
        try await infer(harness, "many", ModelCall(.rows(values, count: rows)), count: rows)
        #expect(harness.ledger.counts.waiting == rows && harness.ledger.counts.dropped == 0)
        try await infer(harness, "one", ModelCall(.rows(Array(values.prefix(width)), count: 1)))
        #expect(harness.ledger.counts.dropped == 1)
    }
}
