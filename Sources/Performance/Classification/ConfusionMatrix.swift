package import Core

/// How often each class was predicted for each true class.
package struct ConfusionMatrix: Sendable, Equatable {
    /// Rows by true class, columns by predicted class.
    package let counts: [[Int]]

    /// Counts predictions; labels outside `0 ..< classes` are skipped.
    package init(labels: [Int], predictions: [Int], classes: Int) {
        var counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
        for (label, prediction) in zip(labels, predictions)
        where counts.indices.contains(label) && counts.indices.contains(prediction) {
            counts[label][prediction] += 1
        }
        self.counts = counts
    }

    /// How many rows were counted.
    package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// How many rows were predicted right.
    package var correct: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }

    /// How many rows of each class there are.
    package var supports: [Int] { counts.map { $0.reduce(0, +) } }

    /// How often each class was predicted.
    package var predicted: [Int] {
        counts.reduce(into: Array(repeating: 0, count: counts.count)) { sums, row in
            for (column, count) in row.enumerated() { sums[column] += count }
        }
    }

    /// The share of rows predicted right; NaN without rows.
    package var accuracy: Double { Double(correct) / Double(total) }

    /// Of the rows predicted as `class`, the share that is; 0 when none was predicted so.
    package func precision(of class: Int) -> Double {
        ratio(counts[`class`][`class`], counts.reduce(0) { $0 + $1[`class`] })
    }

    /// Of the rows that are `class`, the share predicted so; 0 when there are none.
    package func recall(of class: Int) -> Double {
        ratio(counts[`class`][`class`], counts[`class`].reduce(0, +))
    }

    /// Of the rows that are not `class`, the share not predicted so; 0 when there are none.
    package func specificity(of class: Int) -> Double {
        let support = counts[`class`].reduce(0, +)
        let others = total - support
        let wrong = counts.reduce(0) { $0 + $1[`class`] } - counts[`class`][`class`]
        return ratio(others - wrong, others)
    }

    /// The harmonic mean of precision and recall; 0 when both are.
    package func f1(of class: Int) -> Double {
        let (precision, recall) = (precision(of: `class`), recall(of: `class`))
        return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    /// Matthews' correlation of truth and prediction over all classes (Gorodkin 2004); 0 when one of them is constant.
    package var matthewsCorrelation: Double {
        let (total, correct) = (Double(total), Double(correct))
        let (supports, predicted) = (supports.map(Double.init), predicted.map(Double.init))
        let agreement = zip(supports, predicted).reduce(0) { $0 + $1.0 * $1.1 }
        let truth = total * total - supports.reduce(0) { $0 + $1 * $1 }
        let guess = total * total - predicted.reduce(0) { $0 + $1 * $1 }
        guard truth > 0, guess > 0 else { return 0 }
        return (correct * total - agreement) / (truth.squareRoot() * guess.squareRoot())
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }

    /// The counts as arrays of arrays.
    package var json: JSONValue {
        .array(counts.map { .array($0.map { .int($0) }) })
    }
}
