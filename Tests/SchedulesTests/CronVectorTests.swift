import Core
import Schedules
import Testing

/// The same times as Python has, which computes them otherwise.
struct CronVectorTests {
    private static func fields(_ text: String) -> [[String]] {
        text.split(separator: "\n").map { line in
            line.split(separator: "|").map { $0.trimmingPrefix(while: { $0 == " " }).description }
        }
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }

    @Test func aroundChangesOfClocks() throws {
        let vectors = Self.fields(CronVectors.zones)
        #expect(vectors.count > 150)
        for vector in vectors {
            let (line, zone, start) = (vector[0], Self.words(vector[1])[0], Self.words(vector[2])[0])
            let expected = Self.words(vector[3])
            #expect(try next(line, zone, after: start, count: 4) == expected, "\(line) \(zone) after \(start)")
            let last = try #require(expected.last)
            #expect(
                try previous(line, zone, before: last) == expected.dropLast().reversed(),
                "\(line) \(zone) before \(last)"
            )
        }
    }

    @Test func asCroniterHasThem() throws {
        let vectors = Self.fields(CronVectors.croniter)
        #expect(vectors.count >= 150)
        for vector in vectors {
            let (line, start) = (vector[0], Self.words(vector[1])[0])
            #expect(try next(line, after: start) == Self.words(vector[2]), "\(line) after \(start)")
            #expect(try previous(line, before: start) == Self.words(vector[3]), "\(line) before \(start)")
        }
    }
}
