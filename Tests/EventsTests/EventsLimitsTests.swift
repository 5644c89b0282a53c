import Events
import Testing

@Suite("Events: limits")
struct EventsLimitsTests {
    @Test("The limits are the documented ones")
    func values() {
        #expect(EventsLimits.pageSize == 500 && EventsLimits.defaultPageSize == 100)
        #expect(EventsLimits.keptEvents == 100_000 && EventsLimits.keptDays == 30)
        #expect(EventsLimits.streams == 100 && EventsLimits.bufferedEvents == 100)
        #expect(EventsLimits.forgetSeconds == 60 && EventsLimits.pollMilliseconds == 200)
        #expect(EventsLimits.streamSeconds == 3600 && EventsLimits.slowSeconds == 20)
    }
}
