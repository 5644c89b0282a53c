import Schedules
import Testing

@Suite("Limits of schedules")
struct SchedulesLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(SchedulesLimits.cronBytes == 1024)
    }
}
