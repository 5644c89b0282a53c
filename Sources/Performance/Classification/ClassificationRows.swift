package import Core

/// What a classifier said of rows whose truth is known: classes by index, probabilities where there are any.
package struct ClassificationRows: Sendable, Equatable {
    /// The probabilities that came with the predictions.
    package enum Scores: Sendable, Equatable {
        /// Only classes are known.
        case none
        /// One number a row for two classes: the score of the second class.
        case positive([Double])
        /// One number a row: the probability of the class that was predicted.
        case predicted([Double])
        /// One number a row and class, row-major in the order of the classes.
        case all([Double])

        var count: Int {
            switch self {
            case .none: 0
            case .positive(let values), .predicted(let values), .all(let values): values.count
            }
        }
    }

    /// The names of the classes: the model's own in its order, then what else occurs among labels and predictions.
    package let classes: [String]
    /// How many of the classes are the model's own.
    package let ownClasses: Int
    /// The true class of each row.
    package let labels: [Int]
    /// The predicted class of each row.
    package let predictions: [Int]
    /// The probabilities of the same rows.
    package let scores: Scores
    /// Rows that were left out because label or prediction is missing.
    package let skipped: Int

    /// How many rows can be judged.
    package var count: Int { labels.count }

    /// Takes labels and predictions by name; rows in which one of them is missing are left out.
    ///
    /// - Parameters:
    ///   - labels: the truth of each row.
    ///   - predictions: the predicted class of each row.
    ///   - scores: the probabilities of all rows; a missing one is NaN.
    ///   - classes: the model's classes in its order; empty to take those that occur, by name.
    /// - Throws: `invalidArgument` when sizes do not fit, `payloadTooLarge` past `PerformanceLimits`.
    package init(
        labels: [String?],
        predictions: [String?],
        scores: Scores = .none,
        classes: [String] = []
    ) throws(MartletError) {
        try Self.check(labels.count, predictions.count)
        var names = classes
        var indices: [String: Int] = [:]
        for (index, name) in classes.enumerated() { indices[name] = indices[name] ?? index }
        var strangers: Set<String> = []
        for case let name? in labels + predictions where indices[name] == nil {
            strangers.insert(name)
            // One past the limit is enough to know.
            if strangers.count > PerformanceLimits.classes { break }
        }
        for name in strangers.sorted() {
            indices[name] = names.count
            names.append(name)
        }
        guard names.count <= PerformanceLimits.classes else {
            throw MartletError(
                .payloadTooLarge,
                "There are more than \(PerformanceLimits.classes) classes; numbers are judged as a regression."
            )
        }
        let own = classes.isEmpty ? names.count : classes.count
        try Self.check(scores, rows: labels.count, classes: own)
        var (kept, truths, guesses): ([Int], [Int], [Int]) = ([], [], [])
        for row in labels.indices {
            guard let label = labels[row].flatMap({ indices[$0] }),
                let prediction = predictions[row].flatMap({ indices[$0] })
            else { continue }
            kept.append(row)
            truths.append(label)
            guesses.append(prediction)
        }
        self.init(
            classes: names,
            ownClasses: own,
            labels: truths,
            predictions: guesses,
            scores: scores.selecting(kept, classes: own),
            skipped: labels.count - kept.count
        )
    }

    private init(
        classes: [String],
        ownClasses: Int,
        labels: [Int],
        predictions: [Int],
        scores: Scores,
        skipped: Int
    ) {
        self.classes = classes
        self.ownClasses = ownClasses
        self.labels = labels
        self.predictions = predictions
        self.scores = scores
        self.skipped = skipped
    }

    private static func check(_ labels: Int, _ predictions: Int) throws(MartletError) {
        guard labels == predictions else {
            throw MartletError(.invalidArgument, "There are \(labels) labels for \(predictions) predictions.")
        }
        guard labels <= PerformanceLimits.rows else {
            throw MartletError(
                .payloadTooLarge,
                "There are \(labels) rows; at most \(PerformanceLimits.rows) are judged at once."
            )
        }
    }

    private static func check(_ scores: Scores, rows: Int, classes: Int) throws(MartletError) {
        let expected: Int
        switch scores {
        case .none: return
        case .positive where classes > 2:
            throw MartletError(.invalidArgument, "One score a row fits two classes; there are \(classes).")
        case .positive, .predicted: expected = rows
        case .all:
            let (cells, overflow) = rows.multipliedReportingOverflow(by: classes)
            guard !overflow, cells <= PerformanceLimits.probabilities else {
                throw MartletError(
                    .payloadTooLarge,
                    "\(rows) rows of \(classes) classes are more than \(PerformanceLimits.probabilities) probabilities."
                )
            }
            expected = cells
        }
        guard scores.count == expected else {
            throw MartletError(
                .invalidArgument,
                "\(scores.count) probabilities do not fit \(rows) rows of \(classes) classes."
            )
        }
    }

    /// The rows at `positions`, in that order; the classes stay.
    package func selecting(_ positions: [Int]) -> ClassificationRows {
        let kept = positions.filter(labels.indices.contains)
        return ClassificationRows(
            classes: classes,
            ownClasses: ownClasses,
            labels: kept.map { labels[$0] },
            predictions: kept.map { predictions[$0] },
            scores: scores.selecting(kept, classes: ownClasses),
            skipped: 0
        )
    }

    /// The score of a class in every row: its probability, or NaN where it is missing; nil when that class has none.
    package func score(of class: Int) -> [Double]? {
        switch scores {
        case .none: return nil
        case .positive(let values):
            guard `class` < 2, ownClasses == 2 else { return nil }
            return `class` == 1 ? values : values.map { 1 - $0 }
        case .predicted(let values):
            guard ownClasses == 2, `class` < 2 else { return nil }
            return zip(values, predictions).map { $0.1 == `class` ? $0.0 : 1 - $0.0 }
        case .all(let values):
            guard `class` < ownClasses else { return nil }
            return stride(from: `class`, to: values.count, by: ownClasses).map { values[$0] }
        }
    }

    /// The probability of the class that was predicted, row by row; NaN where it is unknown, nil without scores.
    package var confidences: [Double]? {
        switch scores {
        case .none: return nil
        case .predicted(let values): return values
        case .positive(let values):
            return zip(values, predictions).map { score, prediction in
                prediction < 2 ? (prediction == 1 ? score : 1 - score) : .nan
            }
        case .all(let values):
            return predictions.enumerated().map { row, prediction in
                prediction < ownClasses ? values[row * ownClasses + prediction] : .nan
            }
        }
    }
}

extension ClassificationRows.Scores {
    /// The scores of the rows at `positions`, all of which there are.
    func selecting(_ positions: [Int], classes: Int) -> ClassificationRows.Scores {
        switch self {
        case .none: .none
        case .positive(let values): .positive(positions.map { values[$0] })
        case .predicted(let values): .predicted(positions.map { values[$0] })
        case .all(let values): .all(positions.flatMap { values[$0 * classes..<($0 + 1) * classes] })
        }
    }
}
