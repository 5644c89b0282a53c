package import Core
import Runtimes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Two models judged on the same labelled rows: what a gate decides by.
package struct ModelComparison: Sendable {
    /// How many rows both were asked about.
    package let rows: Int
    /// The challenger's metrics.
    package let candidate: ClassificationMetrics
    /// The present model's metrics.
    package let champion: ClassificationMetrics
    /// Rows that only the candidate got right.
    package let onlyCandidateRight: Int
    /// Rows that only the champion got right.
    package let onlyChampionRight: Int
    /// The share of rows on which the two predict different classes.
    package let disagreement: Double
    /// How likely so unequal a split of the disagreements would be between equal models: exact McNemar, two-sided.
    package let pValue: Double
    /// The 95 % interval of the difference in accuracy, candidate minus champion: paired bootstrap.
    package let accuracyInterval: (low: Double, high: Double)

    /// How much better the candidate is by a metric; for `log_loss`, where less is better, the sign is turned.
    ///
    /// - Throws: `invalidArgument` for an unknown metric.
    package func gain(_ metric: String) throws(MartletError) -> Double {
        guard let ours = candidate[metric], let theirs = champion[metric] else {
            let known = candidate.named.map(\.name).joined(separator: ", ")
            throw MartletError(.invalidArgument, "There is no metric '\(metric)'; known are \(known).")
        }
        return metric == "log_loss" ? theirs - ours : ours - theirs
    }

    /// Loads both models and asks them about every row, with blocking calls.
    ///
    /// - Parameters:
    ///   - candidate: the challenger's model directory on this host.
    ///   - champion: the present model's directory.
    ///   - table: labelled rows with the columns of both signatures.
    ///   - target: the name of the label's column.
    ///   - classes: the class names by index; empty to take them from the champion.
    /// - Returns: the metrics of both and how sure their difference is.
    /// - Throws: `invalidArgument` when a column is missing, and what loading a model throws.
    package static func compare(
        candidate: String,
        champion: String,
        on table: Table,
        target: String,
        classes: [String] = []
    ) throws -> ModelComparison {
        let directories = try [candidate, champion].map { try ModelDirectory.open($0) }
        let names = classes.isEmpty ? directories[1].classes : classes
        let sides = try directories.map { directory in
            let labels = try LabelledRows.labels(of: table.column(target), classes: names).labels
            let probabilities = try directory.loadPredictor().predict(table, ignoring: [target])
            return Side(labels: labels, probabilities: probabilities, threshold: directory.threshold)
        }
        return try compare(sides[0], sides[1], classes: max(2, names.count))
    }

    /// What one model said about the rows.
    package struct Side: Sendable {
        /// The true class of each row.
        package let labels: [Int]
        /// The model's probabilities.
        package let probabilities: [Float]
        /// The probability from which the model predicts class 1.
        package let threshold: Double

        /// Takes one model's answers.
        package init(labels: [Int], probabilities: [Float], threshold: Double = 0.5) {
            self.labels = labels
            self.probabilities = probabilities
            self.threshold = threshold
        }
    }

    /// Compares the answers of two models about the same rows.
    ///
    /// - Throws: `invalidArgument` when the rows or sizes differ.
    package static func compare(_ candidate: Side, _ champion: Side, classes: Int) throws -> ModelComparison {
        let labels = champion.labels
        guard candidate.labels == labels, !labels.isEmpty else {
            throw MartletError(.invalidArgument, "The two models were not asked about the same rows.")
        }
        let (ours, theirs) = (try predictions(candidate, classes), try predictions(champion, classes))
        let differences = labels.indices.map { (ours[$0] == labels[$0] ? 1 : 0) - (theirs[$0] == labels[$0] ? 1 : 0) }
        let (wins, losses) = (differences.count { $0 > 0 }, differences.count { $0 < 0 })
        return ModelComparison(
            rows: labels.count,
            candidate: try metrics(candidate, classes),
            champion: try metrics(champion, classes),
            onlyCandidateRight: wins,
            onlyChampionRight: losses,
            disagreement: Double(zip(ours, theirs).count { $0 != $1 }) / Double(labels.count),
            pValue: signTest(wins, losses),
            accuracyInterval: bootstrapInterval(differences)
        )
    }

    private static func metrics(_ side: Side, _ classes: Int) throws -> ClassificationMetrics {
        try ClassificationMetrics(
            probabilities: side.probabilities,
            labels: side.labels,
            classes: classes,
            threshold: side.threshold
        )
    }

    private static func predictions(_ side: Side, _ classes: Int) throws -> [Int] {
        guard let table = ProbabilityTable(side.probabilities, rows: side.labels.count, classes: classes) else {
            throw MartletError(.invalidArgument, "A model's outputs do not fit \(classes) classes.")
        }
        return side.labels.indices.map { table.prediction($0, threshold: side.threshold) }
    }

    /// The two-sided exact sign test over discordant pairs (McNemar 1947, exact form).
    static func signTest(_ wins: Int, _ losses: Int) -> Double {
        let total = wins + losses
        guard total > 0 else { return 1 }
        let logHalf = Double(total) * log(0.5)
        var tail = 0.0
        for count in 0...min(wins, losses) {
            let ways = lgamma(Double(total) + 1) - lgamma(Double(count) + 1) - lgamma(Double(total - count) + 1)
            tail += exp(ways + logHalf)
        }
        return min(1, 2 * tail)
    }

    /// Resamples rows with a fixed seed, so that the same rows give the same interval.
    static func bootstrapInterval(_ differences: [Int]) -> (low: Double, high: Double) {
        var random = SeededGenerator(seed: 0x6D61_7274)
        let count = differences.count
        var means = (0..<LearningLimits.bootstrapResamples).map { _ in
            var sum = 0
            for _ in 0..<count { sum += differences[random.index(below: count)] }
            return Double(sum) / Double(count)
        }
        means.sort()
        let tail = LearningLimits.bootstrapResamples / 40
        return (means[tail], means[means.count - 1 - tail])
    }

    /// The comparison for logs and records.
    package var json: JSONValue {
        [
            "rows": .int(rows), "candidate": candidate.json, "champion": champion.json,
            "only_candidate_right": .int(onlyCandidateRight), "only_champion_right": .int(onlyChampionRight),
            "disagreement": .number(disagreement), "p_value": .number(pValue),
            "accuracy_difference": .number(candidate.accuracy - champion.accuracy),
            "accuracy_difference_95": [.number(accuracyInterval.low), .number(accuracyInterval.high)],
        ]
    }
}
