import Ledger
import Testing

@Suite("Ledger: limits")
struct LedgerLimitsTests {
    @Test("The limits are the documented ones")
    func values() {
        #expect(LedgerLimits.labelBytes == 256)
    }
}
