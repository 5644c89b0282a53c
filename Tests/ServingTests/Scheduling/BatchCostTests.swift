import Core
import Serving
import Testing

@Suite("Cost of batches")
struct BatchCostTests {
    @Test("Base and cost per row are found from batches of several sizes")
    func line() {
        var cost = BatchCost()
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let rows = Int.random(in: 1...64, using: &generator)
            let noise = Double.random(in: 0.95...1.05, using: &generator)
            cost.record(rows: rows, nanoseconds: UInt64((500_000 + 20_000 * Double(rows)) * noise))
        }
        #expect((400_000...600_000).contains(cost.line.base))
        #expect((17_000...23_000).contains(cost.line.perRow))
    }

    @Test("One size alone counts as base; no batch costs nothing; the base is never below zero")
    func edges() {
        var cost = BatchCost()
        #expect(cost.line == (0, 0))
        for _ in 0..<10 { cost.record(rows: 4, nanoseconds: 1000) }
        #expect(abs(cost.line.base - 1000) < 1)
        #expect(cost.line.perRow == 0)
        var steep = BatchCost()
        for rows in 1...20 { steep.record(rows: rows, nanoseconds: UInt64(rows * rows * 1000)) }
        #expect(steep.line.base == 0)
        #expect(steep.line.perRow > 0)
        var falling = BatchCost()
        for rows in 1...20 { falling.record(rows: rows, nanoseconds: UInt64(100_000 - rows * 1000)) }
        #expect(falling.line.perRow == 0)
        #expect(falling.line.base > 0)
    }

    @Test("A model that became slower is believed soon")
    func forgets() {
        var cost = BatchCost()
        for turn in 0..<300 { cost.record(rows: 1 + turn % 8, nanoseconds: 1_000_000) }
        for turn in 0..<150 { cost.record(rows: 1 + turn % 8, nanoseconds: 4_000_000) }
        #expect((3_800_000...4_100_000).contains(cost.line.base))
    }
}
