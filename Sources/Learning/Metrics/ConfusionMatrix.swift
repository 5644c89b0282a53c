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

    /// The share of rows predicted right; NaN without rows.
    package var accuracy: Double {
        let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
        return Double(right) / Double(counts.joined().reduce(0, +))
    }

    /// Of the rows predicted as `class`, the share that is; 0 when none was predicted so.
    package func precision(of class: Int) -> Double {
        ratio(counts[`class`][`class`], counts.reduce(0) { $0 + $1[`class`] })
    }

    /// Of the rows that are `class`, the share predicted so; 0 when there are none.
    package func recall(of class: Int) -> Double {
        ratio(counts[`class`][`class`], counts[`class`].reduce(0, +))
    }

    /// The harmonic mean of precision and recall; 0 when both are.
    package func f1(of class: Int) -> Double {
        let (precision, recall) = (precision(of: `class`), recall(of: `class`))
        return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }

    /// The counts as arrays of arrays.
    package var json: JSONValue {
        .array(counts.map { .array($0.map { .int($0) }) })
    }
}
