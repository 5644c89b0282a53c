import Core
import Ledger
import Rollouts
import Runtimes
import Serving
import Testing

@Suite("Data plane")
struct DataPlaneTests {
    private func infer(
        _ harness: ServingHarness,
        _ rows: [Float],
        count: Int = 1,
        version: Int? = nil
    ) async throws -> InferenceResponse {
        try await harness.plane.infer(
            InferenceRequest(
                id: "a",
                deployment: harness.table.find("cancer"),
                version: version,
                rows: rows,
                count: count,
                via: .v2
            )
        )
    }

    private func message(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no error"
        } catch {
            return MartletError.wrapping(error).message
        }
    }

    @Test("Rows of the wrong width are refused with both numbers; no rows are no problem")
    func width() async throws {
        let harness = try await ServingHarness.serving()
        let text = await message { _ = try await infer(harness, [1, 2, 3]) }
        #expect(text == "The model takes 2 features for each row, but 3 were sent.")
        let overflow = await message { _ = try await infer(harness, [1], count: .max) }
        #expect(overflow.contains("The model takes 2 features"))
        #expect(try await infer(harness, [], count: 0).outputs.isEmpty)
    }

    @Test("An infinite feature is refused before the model")
    func infinite() async throws {
        let harness = try await ServingHarness.serving()
        #expect(await message { _ = try await infer(harness, [.infinity, 0]) }.contains("too large"))
    }

    @Test("An output that is no number, and a failing library, are errors that count against the version")
    func failures() async throws {
        let harness = try await ServingHarness.serving()
        #expect(await message { _ = try await infer(harness, [.nan, 0]) }.contains("not a number"))
        #expect(try await harness.status().versions.first?.stats.errors == 1)
        harness.registry.register(2, FailingRuntime())
        try await harness.step()
        #expect(await message { _ = try await infer(harness, [1, 0], version: 2) }.contains("The library failed."))
        #expect(try await harness.status().versions.map(\.stats.errors) == [1, 1])
    }

    @Test("A version may be asked for by number when it is loaded; such requests are no evidence")
    func pinned() async throws {
        let harness = try await ServingHarness.serving()
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await infer(harness, [1, 0], version: 2).served.version == 2)
        #expect(await message { _ = try await infer(harness, [1, 0], version: 3) }.contains("loaded are 1, 2"))
        try await harness.step()
        let evidence = try #require(try await harness.status().rollout?.machine.evidence)
        #expect(evidence.step(0).candidate.requests == 0)
        #expect(try await harness.ledger.recentRows("cancer", limit: 1).first?.arm == .pinned)
    }

    @Test("Large requests move off the caller's thread and answer the same")
    func largeRequests() async throws {
        let harness = try await ServingHarness.serving()
        for count in [ServingLimits.inlineRows, ServingLimits.inlineRows + 1] {
            let rows: [Float] = (0..<count).flatMap { [Float($0 % 7) - 3, 0] }
            let outputs = try await infer(harness, rows, count: count).outputs
            #expect(outputs.count == count)
            #expect(outputs[3] == 0.5)
        }
    }

    @Test("Several classes answer with the largest; a regression answers with its value")
    func answers() async throws {
        let three = try TestRegistry.model(1, ThreeClassRuntime(), classes: ["a", "b", "c"]).get()
        #expect(three.answer([0.2, 0.7, 0.1, 0.5, 0.1, 0.4], row: 0) == ModelAnswer(classIndex: 1, score: 0.7))
        #expect(three.answer([0.2, 0.7, 0.1, 0.5, 0.1, 0.4], row: 1) == ModelAnswer(classIndex: 0, score: 0.5))
        #expect(three.label(of: ModelAnswer(classIndex: 2, score: 1)) == "c")
        let number = try TestRegistry.model(1, LinearRuntime(featureCount: 1), classes: []).get()
        #expect(number.answer([0.25], row: 0) == ModelAnswer(classIndex: nil, score: 0.25))
        #expect(number.label(of: number.answer([0.25], row: 0)) == nil)
    }

    @Test("A model whose signature or classes do not fit its file is not loaded")
    func unfitting() {
        #expect(throws: MartletError.self) {
            try TestRegistry.model(1, ThreeClassRuntime(), classes: ["a", "b"]).get()
        }
        #expect(throws: MartletError.self) {
            try LoadedModel(
                model: "m",
                version: 1,
                runtime: LinearRuntime(featureCount: 2),
                signature: ModelSignature(inputs: [.init(name: "x", type: .double)], outputs: []),
                classes: [],
                threshold: 0.5,
                reference: nil
            )
        }
        #expect(throws: MartletError.self) {
            try LoadedModel(
                model: "m",
                version: 1,
                runtime: LinearRuntime(featureCount: 2),
                signature: ModelSignature(
                    inputs: [.init(name: "x", type: .double), .init(name: "x", type: .double)],
                    outputs: []
                ),
                classes: [],
                threshold: 0.5,
                reference: nil
            )
        }
    }
}
