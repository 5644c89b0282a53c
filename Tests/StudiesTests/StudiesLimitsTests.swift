import Core
import Sampling
import Studies
import Testing

@Suite("Limits of studies", .serialized)
struct StudiesLimitsTests {
    @Test("have the documented values")
    func values() {
        #expect(StudiesLimits.studies == 10_000 && StudiesLimits.trials == 100_000 && StudiesLimits.waiting == 10_000)
        #expect(StudiesLimits.nameBytes == 200 && StudiesLimits.bodyBytes == 1 << 20)
        #expect(StudiesLimits.keyBytes == 200 && StudiesLimits.textBytes == 1000)
        #expect(StudiesLimits.cached == 64 && StudiesLimits.proposals == 4 && StudiesLimits.recorded == 100)
        #expect(StudiesLimits.plotted == 2000 && StudiesLimits.sweepSeconds == 5)
    }

    @Test("hold at their edge and not past it")
    func edges() async throws {
        let fixture = try await Fixture()
        let spec = try Fixture.spec(Fixture.plain)
        let name = String(repeating: "n", count: StudiesLimits.nameBytes)
        _ = try await fixture.store.create(name, spec, owner: "me")
        let key = String(repeating: "k", count: StudiesLimits.keyBytes)
        _ = try await fixture.store.ask(name, worker: String(repeating: "w", count: StudiesLimits.textBytes), key: key)
        await #expect(throws: MartletError.self) { try await fixture.store.ask(name, key: key + "k") }
        await #expect(throws: MartletError.self) {
            try await fixture.store.ask(name, worker: String(repeating: "w", count: StudiesLimits.textBytes + 1))
        }
    }

    @Test("bound the objectives and the trials of a study")
    func objectives() throws {
        for (count, isFine) in [(SamplingLimits.objectives, true), (SamplingLimits.objectives + 1, false)] {
            let words = Array(repeating: "\"minimize\"", count: count).joined(separator: ",")
            let text = #"{"space": {"x": {"type": "float", "low": 0, "high": 1}}, "directions": [\#(words)]}"#
            #expect(((try? Fixture.spec(text)) != nil) == isFine)
        }
        for (count, isFine) in [(StudiesLimits.trials, true), (StudiesLimits.trials + 1, false)] {
            let text = #"{"space": {"x": {"type": "float", "low": 0, "high": 1}}, "trials": \#(count)}"#
            #expect(((try? Fixture.spec(text)) != nil) == isFine)
        }
    }
}
