import Core
import Testing
import martlet

/// The paces of the demo fit together.
@Suite struct DemoLimitsTests {
    @Test func labelsComeLaterAndNotTooLate() {
        #expect(DemoLimits.labelDelayMinimum > 0)
        #expect(DemoLimits.labelDelayMaximum > DemoLimits.labelDelayMinimum)
        #expect(.milliseconds(DemoLimits.labelDelayMaximum) < DemoLimits.quietTime)
    }

    @Test func theQuietTimeShowsEnoughTraffic() {
        let requests = DemoLimits.quietTime.components.seconds * Int64(DemoLimits.requestsPerSecond)
        #expect(requests >= 100, "a monitor's window is full before the instruments change")
        #expect(DemoLimits.requestsUnderWay < DemoLimits.requestsPerSecond, "less than a second of traffic piles up")
    }

    @Test func aStepThatHangsEndsTheStorylineInTime() {
        #expect(DemoLimits.quietTime < DemoLimits.stepTimeout)
        #expect(DemoLimits.stepTimeout < .seconds(180))
        #expect(DemoLimits.pollInterval * 4 <= .seconds(1))
    }
}
