import Core
import Performance

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A classifier's answers, ready to be judged again and again with each row counted another number of times.
struct CountedClassification {
    private let labels: [Int]
    private let predictions: [Int]
    private let losses: [Double]
    private let squares: [Double]
    private let classes: Int
    /// For each class that is judged: the rows by falling score, and where scores change.
    private let rankings: [Ranking]

    private struct Ranking {
        let positive: Int
        let order: [Int]
        let isLast: [Bool]
    }

    /// Takes the answers apart.
    ///
    /// - Throws: `invalidArgument` when the probabilities do not fit rows and classes.
    init(_ probabilities: [Float], labels: [Int], classes: Int, threshold: Double) throws(MartletError) {
        guard let table = ProbabilityTable(probabilities, rows: labels.count, classes: classes) else {
            throw MartletError(
                .invalidArgument,
                "\(probabilities.count) probabilities do not fit \(labels.count) rows of \(classes) classes."
            )
        }
        self.labels = labels
        self.classes = classes
        predictions = labels.indices.map { table.prediction($0, threshold: threshold) }
        losses = labels.enumerated().map { -log(min(max(table.probability($0, of: $1), 1e-15), 1 - 1e-15)) }
        squares = labels.enumerated().map { row, label in
            if classes == 2 {
                let difference = table.probability(row, of: 1) - (label == 1 ? 1 : 0)
                return difference * difference
            }
            return (0..<classes).reduce(0) { sum, index in
                let difference = table.probability(row, of: index) - (label == index ? 1 : 0)
                return sum + difference * difference
            }
        }
        rankings = (classes == 2 ? [1] : Array(0..<classes)).map { positive in
            let scores = labels.indices.map { table.probability($0, of: positive) }
            let order = labels.indices.sorted { scores[$0] > scores[$1] }
            let isLast = order.indices.map { $0 + 1 == order.count || scores[order[$0]] != scores[order[$0 + 1]] }
            return Ranking(positive: positive, order: order, isLast: isLast)
        }
    }

    /// The metrics when each row counts as often as the numbers say.
    func metrics(_ counts: [Int32]) -> [(name: String, value: Double)] {
        var confusion = [Int](repeating: 0, count: classes * classes)
        var (total, loss, square) = (0, 0.0, 0.0)
        for (row, count) in counts.enumerated() where count > 0 {
            confusion[labels[row] * classes + predictions[row]] += Int(count)
            total += Int(count)
            loss += Double(count) * losses[row]
            square += Double(count) * squares[row]
        }
        let correct = (0..<classes).reduce(0) { $0 + confusion[$1 * classes + $1] }
        var (precision, recall, f1) = (0.0, 0.0, 0.0)
        for ranking in rankings {
            let index = ranking.positive
            let hits = Double(confusion[index * classes + index])
            let said = Double((0..<classes).reduce(0) { $0 + confusion[$1 * classes + index] })
            let truth = Double((0..<classes).reduce(0) { $0 + confusion[index * classes + $1] })
            precision += said > 0 ? hits / said : 0
            recall += truth > 0 ? hits / truth : 0
            f1 += said + truth > 0 ? 2 * hits / (said + truth) : 0
        }
        let judged = Double(rankings.count)
        let areas = rankings.map { ranked($0, counts) }
        return [
            ("accuracy", Double(correct) / Double(total)), ("auroc", areas.reduce(0) { $0 + $1.area } / judged),
            ("log_loss", loss / Double(total)), ("precision", precision / judged), ("recall", recall / judged),
            ("f1", f1 / judged), ("average_precision", areas.reduce(0) { $0 + $1.precision } / judged),
            ("brier", square / Double(total)),
        ]
    }

    /// Area under the ROC curve and average precision, equal scores taken together; NaN without rows of both kinds.
    private func ranked(_ ranking: Ranking, _ counts: [Int32]) -> (area: Double, precision: Double) {
        var (hits, misses, area, precision) = (0, 0, 0.0, 0.0)
        var (hitsBefore, missesBefore) = (0, 0)
        for (place, row) in ranking.order.enumerated() {
            if labels[row] == ranking.positive { hits += Int(counts[row]) } else { misses += Int(counts[row]) }
            guard ranking.isLast[place] else { continue }
            area += Double(misses - missesBefore) * Double(hits + hitsBefore) / 2
            if hits > hitsBefore { precision += Double(hits - hitsBefore) * Double(hits) / Double(hits + misses) }
            (hitsBefore, missesBefore) = (hits, misses)
        }
        guard hits > 0, misses > 0 else { return (.nan, .nan) }
        return (area / (Double(hits) * Double(misses)), precision / Double(hits))
    }
}

/// A regression's answers, ready to be judged again and again with each row counted another number of times.
struct CountedRegression {
    let truths: [Double]
    let predictions: [Double]

    /// The metrics when each row counts as often as the numbers say.
    func metrics(_ counts: [Int32]) -> [(name: String, value: Double)] {
        var (total, absolute, square, relative, shift, sum) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for (row, count) in counts.enumerated() where count > 0 {
            let (weight, difference) = (Double(count), predictions[row] - truths[row])
            total += weight
            absolute += weight * abs(difference)
            square += weight * difference * difference
            relative += weight * abs(difference) / max(.ulpOfOne, abs(truths[row]))
            shift += weight * difference
            sum += weight * truths[row]
        }
        let mean = sum / total
        var variance = 0.0
        for (row, count) in counts.enumerated() where count > 0 {
            variance += Double(count) * (truths[row] - mean) * (truths[row] - mean)
        }
        return [
            ("mae", absolute / total), ("mse", square / total), ("rmse", (square / total).squareRoot()),
            ("mape", relative / total), ("mean_error", shift / total),
            ("r2", variance > 0 ? 1 - square / variance : .nan),
        ]
    }
}
