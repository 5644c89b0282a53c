import Replay
import Testing

@Suite("Replay: limits")
struct ReplayLimitsTests {
    @Test("The limits are the documented ones")
    func values() {
        #expect(ReplayLimits.rows == 200_000)
    }
}
