import Events
import Testing

@Suite("Events: limits")
struct EventsLimitsTests {
    @Test("The limits are the documented ones")
    func values() {
        #expect(EventsLimits.pageSize == 200)
    }
}
