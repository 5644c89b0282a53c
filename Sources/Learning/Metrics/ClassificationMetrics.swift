package import Core
package import Performance

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How good a classifier's probabilities are on labelled rows.
package struct ClassificationMetrics: Sendable, Equatable {
    /// How many rows were judged.
    package let rows: Int
    /// The share of rows predicted right.
    package let accuracy: Double
    /// Area under the ROC curve, for several classes the mean of each against the rest; NaN without both classes.
    package let auroc: Double
    /// The mean negative logarithm of the true class's probability, clipped at 1e-15.
    package let logLoss: Double
    /// Precision of class 1, or the mean over several classes.
    package let precision: Double
    /// Recall of class 1, or the mean over several classes.
    package let recall: Double
    /// F1 of class 1, or the mean over several classes.
    package let f1: Double
    /// Counts by true and predicted class.
    package let confusion: ConfusionMatrix

    /// Judges predictions.
    ///
    /// - Parameters:
    ///   - probabilities: one number a row (the probability of class 1), or one a class and row, row-major.
    ///   - labels: the class of each row, counted from 0.
    ///   - classes: how many classes there are.
    ///   - threshold: the probability from which class 1 is predicted; two classes only.
    /// - Throws: `invalidArgument` when sizes differ or a label is no class.
    package init(
        probabilities: [Float],
        labels: [Int],
        classes: Int,
        threshold: Double = 0.5
    ) throws(MartletError) {
        guard classes >= 2, let table = ProbabilityTable(probabilities, rows: labels.count, classes: classes) else {
            throw MartletError(
                .invalidArgument,
                "\(probabilities.count) probabilities do not fit \(labels.count) rows of \(classes) classes."
            )
        }
        guard let wrong = labels.first(where: { $0 < 0 || $0 >= classes }) else {
            let predictions = labels.indices.map { table.prediction($0, threshold: threshold) }
            let confusion = ConfusionMatrix(labels: labels, predictions: predictions, classes: classes)
            self.init(table, labels, confusion)
            return
        }
        throw MartletError(.invalidArgument, "The label \(wrong) is none of the \(classes) classes.")
    }

    private init(_ table: ProbabilityTable, _ labels: [Int], _ confusion: ConfusionMatrix) {
        rows = labels.count
        self.confusion = confusion
        accuracy = confusion.accuracy
        let judged = table.classes == 2 ? [1] : Array(0..<table.classes)
        let mean = { (metric: (Int) -> Double) in judged.map(metric).reduce(0, +) / Double(judged.count) }
        precision = mean { confusion.precision(of: $0) }
        recall = mean { confusion.recall(of: $0) }
        f1 = mean { confusion.f1(of: $0) }
        auroc = mean { judgedClass in
            RankingMetrics.areaUnderCurve(
                scores: labels.indices.map { table.probability($0, of: judgedClass) },
                isPositive: labels.map { $0 == judgedClass }
            )
        }
        let losses = labels.enumerated().map { -log(min(max(table.probability($0, of: $1), 1e-15), 1 - 1e-15)) }
        logLoss = losses.reduce(0, +) / Double(labels.count)
    }

    /// The metrics by the names under which runs log them.
    package var named: [(name: String, value: Double)] {
        [
            ("accuracy", accuracy), ("auroc", auroc), ("log_loss", logLoss), ("precision", precision),
            ("recall", recall), ("f1", f1),
        ]
    }

    /// The metric of that name; nil for an unknown one.
    package subscript(_ name: String) -> Double? {
        named.first { $0.name == name }?.value
    }

    /// The metrics that are numbers, as an object.
    package var json: JSONValue {
        .object(JSONObject(named.filter { $0.value.isFinite }.map { ($0.name, .number($0.value)) }))
    }
}

/// Probabilities by row and class, whichever of the two forms a runtime gives.
package struct ProbabilityTable: Sendable {
    private let values: [Float]
    /// How many classes there are.
    package let classes: Int
    private let width: Int

    /// Takes one number a row for two classes, or one for each class; nil when the count fits neither.
    package init?(_ values: [Float], rows: Int, classes: Int) {
        let (full, overflow) = rows.multipliedReportingOverflow(by: classes)
        guard rows > 0, classes >= 2, !overflow else { return nil }
        if values.count == full {
            width = classes
        } else if classes == 2, values.count == rows {
            width = 1
        } else {
            return nil
        }
        self.values = values
        self.classes = classes
    }

    /// The probability of a class for a row.
    package func probability(_ row: Int, of class: Int) -> Double {
        guard width == 1 else { return Double(values[row * width + `class`]) }
        return `class` == 1 ? Double(values[row]) : 1 - Double(values[row])
    }

    /// The predicted class: by threshold for two classes, else the most probable, the first of equal ones.
    package func prediction(_ row: Int, threshold: Double = 0.5) -> Int {
        if classes == 2 { return probability(row, of: 1) >= threshold ? 1 : 0 }
        var best = 0
        for candidate in 1..<classes where probability(row, of: candidate) > probability(row, of: best) {
            best = candidate
        }
        return best
    }
}
