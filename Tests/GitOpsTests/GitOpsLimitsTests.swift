import GitOps
import Testing

@Suite("GitOps: limits")
struct GitOpsLimitsTests {
    @Test("The limits are the documented ones")
    func values() {
        #expect(GitOpsLimits.fileBytes == 1024 * 1024)
    }
}
