import Core

/// The mean of the target for each category, drawn to the mean of all where rows are few.
struct TargetMeans {
    private struct Sum {
        var total = 0.0
        var count = 0.0
    }

    private let column: Column
    private let categories: [TransformValue]
    private let target: [Double]
    private let smoothing: Double

    init(column: Column, target: Column?, smoothing: Double) throws(MartletError) {
        guard let target else {
            throw MartletError(
                .invalidArgument,
                "The column '\(column.name)' is to be encoded by the target, but no target is declared."
            )
        }
        guard let numbers = target.numbers, target.transformKind != .string else {
            throw MartletError(
                .invalidArgument,
                "The target '\(target.name)' is text; encoding by the target takes a number or two classes."
            )
        }
        self.column = column
        self.smoothing = smoothing
        self.target = numbers
        categories = TrainingColumn(column).values
    }

    func step(_ unseen: TransformStep.Unseen) throws(MartletError) -> FittedStep {
        let (sums, all) = sums { _ in true }
        guard all.count > 0 else {
            throw MartletError(.invalidArgument, "The target has no value in the training rows.")
        }
        guard sums.count <= TransformsLimits.categories else {
            throw MartletError(
                .invalidArgument,
                "The column '\(column.name)' has \(sums.count) categories, and \(TransformsLimits.categories) are the most."
            )
        }
        let coded = sums.keys.sorted(by: TransformValue.precedes).map { value in
            FittedStep.Category(value: value, code: mean(sums[value], all))
        }
        return .encode(column: column.name, categories: coded, other: all.total / all.count, unseen: unseen)
    }

    /// The training rows' own numbers, each from the rows of the other folds.
    func trainingColumn() throws(MartletError) -> Column {
        var generator = SeededGenerator(seed: 0x7461_7267_6574)
        var folds = categories.indices.map { $0 % TransformsLimits.folds }
        folds.shuffle(using: &generator)
        var encoded = [Double](repeating: .nan, count: categories.count)
        for fold in 0..<TransformsLimits.folds {
            let (sums, all) = sums { folds[$0] != fold }
            for row in encoded.indices where folds[row] == fold {
                encoded[row] = all.count > 0 ? mean(sums[categories[row]], all) : .nan
            }
        }
        return Column(name: column.name, values: .numbers(encoded))
    }

    private func sums(_ isIncluded: (Int) -> Bool) -> (sums: [TransformValue: Sum], all: Sum) {
        var sums: [TransformValue: Sum] = [:]
        var all = Sum()
        for row in categories.indices where target[row].isFinite && isIncluded(row) {
            all.total += target[row]
            all.count += 1
            guard categories[row] != .missing else { continue }
            sums[categories[row], default: Sum()].total += target[row]
            sums[categories[row], default: Sum()].count += 1
        }
        return (sums, all)
    }

    private func mean(_ sum: Sum?, _ all: Sum) -> Double {
        let overall = all.total / all.count
        guard let sum, sum.count + smoothing > 0 else { return overall }
        return (sum.total + smoothing * overall) / (sum.count + smoothing)
    }
}
