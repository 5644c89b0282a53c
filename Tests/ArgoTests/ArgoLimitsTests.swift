import Argo
import Testing

@Suite("Limits of Argo Workflows")
struct ArgoLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(ArgoLimits.objectBytes == 1024 * 1024)
        #expect(ArgoLimits.nameCharacters == 50)
        #expect(ArgoLimits.taskCharacters == 100)
        #expect(ArgoLimits.answerBytes == 32 * 1024 * 1024)
        #expect(ArgoLimits.eventBytes == 8 * 1024 * 1024)
        #expect(ArgoLimits.logLines == 10_000)
        #expect(ArgoLimits.logBytes == 1024 * 1024)
        #expect(ArgoLimits.credentialBytes == 1024 * 1024)
        #expect(ArgoLimits.failures == 30)
        #expect(ArgoLimits.longestPause == 30)
        #expect(ArgoLimits.watchSeconds == 300)
        #expect(ArgoLimits.stepCalls == 16)
        #expect(ArgoLimits.keepAliveSeconds == 15)
    }
}
