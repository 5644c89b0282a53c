import Plots
import Testing

@Suite("Limits of plots")
struct PlotsLimitsTests {
    @Test("have the documented values")
    func values() {
        #expect(PlotsLimits.points == 20_000)
        #expect(PlotsLimits.series == 24 && PlotsLimits.bars == 40 && PlotsLimits.cells == 10_000)
        #expect(PlotsLimits.parallelAxes == 24 && PlotsLimits.bins == 100)
        #expect(PlotsLimits.titleCharacters == 120)
    }
}
