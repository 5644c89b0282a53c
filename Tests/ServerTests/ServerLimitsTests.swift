import Server
import Testing

@Suite struct ServerLimitsTests {
    /// An orchestrator that stops a process waits 30 seconds before it kills it.
    @Test func theDrainEndsBeforeItWouldBeCutOff() {
        #expect((1...30).contains(ServerLimits.drainSeconds))
    }
}
