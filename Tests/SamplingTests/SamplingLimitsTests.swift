import Core
import Sampling
import Testing

@Suite("Limits of samplers")
struct SamplingLimitsTests {
    @Test("have the documented values")
    func values() {
        #expect(SamplingLimits.parameters == 1000)
        #expect(SamplingLimits.choices == 1000)
        #expect(SamplingLimits.conditions == 16)
        #expect(SamplingLimits.nameBytes == 250)
        #expect(SamplingLimits.gridPoints == 100_000)
        #expect(SamplingLimits.sobolDimensions == 64)
        #expect(SamplingLimits.candidates == 10_000)
        #expect(SamplingLimits.population == 10_000)
        #expect(SamplingLimits.importanceTrials == 2000)
        #expect(SamplingLimits.objectives == 8)
        #expect(SamplingLimits.reports == 100_000)
    }

    @Test("hold at their edge and not past it")
    func edges() throws {
        let number = ParameterDistribution.float(low: 0, high: 1)
        let long = String(repeating: "n", count: SamplingLimits.nameBytes)
        #expect(throws: Never.self) { try SearchSpace([(long, number)]) }
        #expect(throws: MartletError.self) { try SearchSpace([(long + "n", number)]) }
        let words = (0...SamplingLimits.choices).map { JSONValue.int($0) }
        #expect(throws: Never.self) { try SearchSpace([("w", .choice(Array(words.dropLast())))]) }
        #expect(throws: MartletError.self) { try SearchSpace([("w", .choice(words))]) }
        let condition = ParameterCondition(parent: 0, test: .isBetween(0, 1))
        for count in [SamplingLimits.conditions, SamplingLimits.conditions + 1] {
            let child = SearchSpace.Parameter(
                name: "b",
                distribution: number,
                conditions: Array(repeating: condition, count: count)
            )
            let parameters = [SearchSpace.Parameter(name: "a", distribution: number), child]
            #expect((try? SearchSpace(parameters: parameters)) != nil ? count == 16 : count == 17)
        }
        let wide = try SearchSpace([("a", .integer(low: 1, high: 1000)), ("b", .integer(low: 1, high: 100))])
        #expect(try GridSampler.grid(wide, 5).count == SamplingLimits.gridPoints)
        let wider = try SearchSpace([("a", .integer(low: 1, high: 1000)), ("b", .integer(low: 1, high: 101))])
        #expect(throws: MartletError.self) { try GridSampler.grid(wider, 5) }
        for count in [SamplingLimits.sobolDimensions, SamplingLimits.sobolDimensions + 1] {
            let space = try SearchSpace((0..<count).map { ("p\($0)", number) })
            #expect((try? SamplerSpec(.sobol).check(space, objectives: 1)) != nil ? count == 64 : count == 65)
        }
        for (text, isFine) in [("10000", true), ("10001", false)] {
            for sampler in [#""type": "tpe", "n_ei_candidates""#, #""type": "cmaes", "popsize""#] {
                let fields = try JSONFields(try JSONValue.parse("{\(sampler): \(text)}"))
                #expect(((try? SamplerSpec(fields)) != nil) == isFine)
            }
        }
    }
}
