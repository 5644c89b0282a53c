import Server
import Testing

@Suite struct ServerLimitsTests {
    /// An orchestrator that stops a process waits 30 seconds before it kills it.
    @Test func theDrainEndsBeforeItWouldBeCutOff() {
        #expect((1...30).contains(ServerLimits.drainSeconds))
    }

    /// A workspace that another server has made is there within moments.
    @Test func theStewardLooksOften() {
        #expect((1...5).contains(ServerLimits.stewardSeconds))
    }
}
