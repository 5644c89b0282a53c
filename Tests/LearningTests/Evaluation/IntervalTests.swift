import Core
import Learning
import Performance
import Testing

@Suite("Intervals of metrics")
struct IntervalTests {
    private static func answers(_ rows: Int, classes: Int, seed: UInt64 = 4) -> (outputs: [Float], truth: Truth) {
        var random = SeededGenerator(seed: seed)
        var (outputs, labels): ([Float], [Float]) = ([], [])
        for _ in 0..<rows {
            let label = random.index(below: classes)
            labels.append(Float(label))
            // Rounded, so that scores tie.
            let scores = (0..<classes).map { index in
                ((index == label ? 1.2 : 0.6) * random.uniform() * 20).rounded() / 20 + 0.02
            }
            let total = scores.reduce(0, +)
            outputs += classes == 2 ? [Float(scores[1] / total)] : scores.map { Float($0 / total) }
        }
        return (outputs, Truth(labels: labels, classes: (0..<classes).map { "c\($0)" }))
    }

    @Test("surround the metrics of classes as they are logged", arguments: [2, 4])
    func classes(_ count: Int) throws {
        let (outputs, truth) = Self.answers(200, classes: count)
        let judged = try JudgedModel(outputs, of: truth, task: count == 2 ? .binary : .multiclass)
        let intervals = try judged.intervals(seed: 1)
        #expect(intervals.count == 8)
        for interval in intervals {
            #expect(interval.low <= interval.value && interval.value <= interval.high, "\(interval.name)")
            #expect(interval.high - interval.low > 0.005 && interval.high - interval.low < 0.5, "\(interval.name)")
            if let logged = judged.metrics[interval.name] { #expect(abs(logged - interval.value) < 1e-12) }
        }
        let performance = try #require(try judged.classification())
        for name in ["brier", "average_precision"] {
            let value = try #require(intervals.first { $0.name == name }).value
            #expect(abs(value - (performance[name] ?? .nan)) < 1e-12, "\(name)")
        }
        #expect(try judged.intervals(seed: 1) == intervals)
        #expect(try judged.intervals(seed: 2) != intervals)
    }

    @Test("are those of a mean where theory knows them")
    func theory() throws {
        var random = SeededGenerator(seed: 9)
        let truths = (0..<400).map { _ in Float(random.normal()) }
        let judged = try JudgedModel(truths.map { _ in 0 }, of: Truth(labels: truths), task: .regression)
        let interval = try #require(try judged.intervals(seed: 3).first { $0.name == "mean_error" })
        // 1.96 standard errors to each side.
        #expect(abs(interval.high - interval.low - 2 * 1.96 / 20) < 0.03)
        let root = try #require(try judged.intervals(seed: 3).first { $0.name == "rmse" }).value
        #expect(abs(root - (judged.metrics["rmse"] ?? .nan)) < 1e-12)
    }

    @Test("draw no more than their limits")
    func limits() {
        #expect(Bootstrap.resamples(of: 10) == LearningLimits.bootstrapResamples)
        #expect(Bootstrap.resamples(of: LearningLimits.bootstrapDraws / 200) == 200)
        #expect(Bootstrap.resamples(of: LearningLimits.bootstrapDraws) == LearningLimits.bootstrapMinimum)
        let one = Bootstrap.intervals(units: 1, seed: 0) { _ in [("a", 1)] }
        #expect(one.isEmpty)
        // Half of the resamples have no value: an interval over the others would promise too much.
        var calls = 0
        let half = Bootstrap.intervals(units: 5, seed: 0) { _ in
            calls += 1
            return [("a", calls % 2 == 1 ? 1 : .nan)]
        }
        #expect(half.isEmpty && calls == LearningLimits.bootstrapResamples + 1)
    }

    @Test("reports break down by at most so many columns, rankings by none")
    func segments() throws {
        let names = (0...LearningLimits.segmentColumns).map { "s\($0)" }
        let table = try Table(columns: names.map { Column(name: $0, values: .strings(["x", "y", "x", nil])) })
        let truth = Truth(labels: [1, 2, 3, 4])
        let judged = try JudgedModel([1, 2, 3, 5], of: truth, task: .regression)
        let some = Array(names.prefix(LearningLimits.segmentColumns))
        let report = try EvaluationReport(judged, table: table, segmentedBy: some, seed: 0)
        #expect(report.segments.count == 3 * LearningLimits.segmentColumns)
        #expect(report.segments.prefix(3).map(\.name) == ["x", "missing", "y"])
        #expect(throws: MartletError.self) { try EvaluationReport(judged, table: table, segmentedBy: names, seed: 0) }
        let ranked = try JudgedModel([1, 2, 3, 5], of: Truth(labels: [1, 2, 3, 4], groups: [4]), task: .ranking)
        #expect(throws: MartletError.self) { try EvaluationReport(ranked, table: table, segmentedBy: ["s0"], seed: 0) }
    }

    @Test("rankings are judged as XGBoost and LightGBM do, group by group")
    func ranking() throws {
        // From scikit-learn: ndcg_score([2 ** relevance - 1], [scores]) and average_precision_score.
        let ranking = try GroupRanking(
            scores: [0.9, 0.2, 0.8, 0.1, 0.3, 0.7] + (0..<12).map { 1 - Float($0) / 11 } + [1, 2],
            relevances: [3, 2, 0, 1, 0, 2] + [Float](repeating: 0, count: 11) + [1] + [0, 0],
            groups: [6, 12, 2]
        )
        #expect(ranking.groups.count == 2 && ranking.rows == 20)
        let (first, second) = (ranking.groups[0], ranking.groups[1])
        #expect(
            abs(first.ndcg - 0.925_467_477_471_419_8) < 1e-12
                && abs(first.averagePrecision - 0.733_333_333_333_333_3) < 1e-12
        )
        #expect(abs(second.ndcg - 0.270_238_154_427_319_8) < 1e-12 && second.ndcgAt10 == 0)
        #expect(abs(second.averagePrecision - 1.0 / 12) < 1e-12 && second.reciprocalRank == 1.0 / 12)
        #expect(ranking.named[0].value == (first.ndcg + second.ndcg) / 2)
        #expect(throws: MartletError.self) { try GroupRanking(scores: [1], relevances: [1, 2], groups: [2]) }
    }
}
