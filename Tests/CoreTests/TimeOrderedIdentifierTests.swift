import Core
import Testing

@Suite struct TimeOrderedIdentifierTests {
    @Test func identifiersSortByTimeAndNeverRepeat() {
        let ids = (0..<5000).map { Identifier.timeOrdered(now: Timestamp(milliseconds: 1_700_000_000_000 + $0)) }
        #expect(ids == ids.sorted())
        #expect(ids.allSatisfy(Identifier.isValid))
        let crowded = (0..<100_000).map { _ in Identifier.timeOrdered(now: Timestamp(milliseconds: 1)) }
        #expect(Set(crowded).count == crowded.count)
    }
}
