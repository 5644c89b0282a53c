import Core
import Lineage
import TestSupport
import Testing

@Suite("Limits of lineage", .overEveryDatabase)
struct LineageLimitsTests {
    @Test("Have the documented values")
    func values() {
        #expect(LineageLimits.walkedEdges == 10_000)
        #expect(LineageLimits.questionNodes == 200)
    }

    @Test("A long key is cut and stays its own")
    func keys() throws {
        let fits = String(repeating: "a", count: LineageLimits.keyBytes)
        #expect(LineageNode(.image, fits).key == fits)
        let one = LineageNode(.image, fits + "1")
        let two = LineageNode(.image, fits + "2")
        #expect(one.key.utf8.count <= LineageLimits.keyBytes && one != two)
        #expect(try LineageNode.parse("\(one)") == one)
        let wide = LineageNode(.image, String(repeating: "ä", count: LineageLimits.keyBytes))
        #expect(wide.key.utf8.count <= LineageLimits.keyBytes)
    }

    @Test("Facts that are too large are replaced by their size")
    func facts() async throws {
        let fixture = try await LineageFixture()
        let text = String(repeating: "x", count: LineageLimits.factBytes)
        try await fixture.record { record in
            record.note(.task("r", "t"), ["outputs": .string(text), "state": "succeeded"])
            record.link(.dataset("d", "1"), .read, .task("r", "t"))
        }
        let walk = try await fixture.service().walk(from: "task:r/t", directions: [.up])
        #expect(walk.places[0].facts["state"] == "succeeded")
        #expect(walk.places[0].facts["outputs"]?["omitted_bytes"] == .int(text.utf8.count + 2))
    }

    @Test("More edges than one record may have are cut and counted")
    func edges() async throws {
        let fixture = try await LineageFixture()
        try await fixture.record { record in
            record.note(.task("r", "t"), [:])
            for number in 0..<(LineageLimits.recordedEdges + 3) {
                record.link(.task("r", "n\(number)"), .needed, .task("r", "t"))
            }
        }
        let walk = try await fixture.service().walk(from: "task:r/t", directions: [.up])
        #expect(walk.edges.count == LineageLimits.recordedEdges)
        #expect(walk.places[0].facts["omitted_edges"] == 3)
    }
}
