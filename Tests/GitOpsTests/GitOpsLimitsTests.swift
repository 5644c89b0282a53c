import GitOps
import Testing

@Suite("GitOps: limits")
struct GitOpsLimitsTests {
    @Test("The limits are the documented ones")
    func values() {
        #expect(GitOpsLimits.fileBytes == 1024 * 1024)
        #expect(GitOpsLimits.attempts == 5)
        #expect(GitOpsLimits.callSeconds == 60)
        #expect(GitOpsLimits.longestCallSeconds == 600)
        #expect(GitOpsLimits.outputBytes >= 2 * GitOpsLimits.fileBytes)
    }
}
