import Sampling
import Testing

@Suite("Limits of samplers")
struct SamplingLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(SamplingLimits.parameters == 1000)
    }
}
