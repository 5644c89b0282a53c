import Transforms
import Testing

@Suite("Limits of transforms")
struct TransformsLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(TransformsLimits.columns == 10_000)
    }
}
