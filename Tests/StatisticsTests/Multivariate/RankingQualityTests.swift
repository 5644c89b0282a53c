import Core
import Testing

import Statistics

struct RankingQualityTests {
    @Test func equalsItsDefinition() throws {
        var generator = SeededGenerator(seed: 8)
        // Rounded scores, so that there are ties.
        let negatives = (0..<37).map { _ in (generator.normal() * 4).rounded() }
        let positives = (0..<23).map { _ in (generator.normal() * 4 + 3).rounded() }
        func score(_ positive: Double, _ negative: Double) -> Double {
            positive > negative ? 1 : positive == negative ? 0.5 : 0
        }
        let ofPositives = positives.map { p in negatives.reduce(0) { $0 + score(p, $1) } / 37 }
        let ofNegatives = negatives.map { n in positives.reduce(0) { $0 + score($1, n) } / 23 }
        let area = ofPositives.reduce(0, +) / 23
        func variance(_ values: [Double]) -> Double {
            values.reduce(0) { $0 + ($1 - area) * ($1 - area) } / Double(values.count - 1)
        }
        let error = (variance(ofPositives) / 23 + variance(ofNegatives) / 37).squareRoot()
        let quality = try RankingQuality(negatives: negatives, positives: positives)
        #expect(agree(quality.area, area, relative: 1e-12))
        #expect(agree(quality.standardError, error, relative: 1e-12))
    }

    @Test func extremes() throws {
        let apart = try RankingQuality(negatives: [1, 2], positives: [3, 4])
        #expect(apart.area == 1 && apart.standardError == 0)
        let reversed = try RankingQuality(negatives: [3], positives: [1])
        #expect(reversed.area == 0 && reversed.standardError == 0)
        let tied = try RankingQuality(negatives: [5, 5, 5], positives: [5, 5])
        #expect(tied.area == 0.5 && tied.standardError == 0)
        let endless = try RankingQuality(negatives: [-.infinity, 0], positives: [.infinity, 0])
        #expect(endless.area == 0.875)
        #expect(TestSamples.code { _ = try RankingQuality(negatives: [], positives: [1]) } == .failedPrecondition)
        #expect(TestSamples.code { _ = try RankingQuality(negatives: [1], positives: []) } == .failedPrecondition)
        #expect(TestSamples.code { _ = try RankingQuality(negatives: [.nan], positives: [1]) } == .invalidArgument)
    }
}
