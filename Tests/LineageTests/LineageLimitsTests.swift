import Lineage
import Testing

@Suite("Limits of lineage")
struct LineageLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(LineageLimits.walkedEdges == 10_000)
    }
}
