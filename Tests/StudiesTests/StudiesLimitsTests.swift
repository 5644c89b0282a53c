import Studies
import Testing

@Suite("Limits of studies")
struct StudiesLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(StudiesLimits.trials == 100_000)
    }
}
