import Argo
import Testing

@Suite("Limits of Argo Workflows")
struct ArgoLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(ArgoLimits.objectBytes == 1024 * 1024)
    }
}
