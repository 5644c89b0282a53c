import Plots
import Testing

@Suite("Limits of plots")
struct PlotsLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(PlotsLimits.points == 20_000)
    }
}
