import Core

/// What a fitted transform learns from one column of the training rows.
struct TrainingColumn {
    private let column: Column

    init(_ column: Column) {
        self.column = column
    }

    /// The value that stands in for missing ones.
    func filling(_ imputation: TransformStep.Imputation) throws(MartletError) -> TransformValue {
        switch imputation {
        case .mean:
            let values = try numbers("the mean")
            return TransformValue(Self.mean(values))
        case .median: return TransformValue(Self.quantile(try numbers("the median").sorted(), 0.5))
        case .mode: return try mode()
        case .constant(let value): return value
        }
    }

    /// What is taken off and what the rest is divided by; a column that does not vary is only moved.
    func scale(_ scaling: TransformStep.Scaling) throws(MartletError) -> (centre: Double, divisor: Double) {
        let values = try numbers("a scale")
        let (centre, spread): (Double, Double)
        switch scaling {
        case .standard:
            centre = Self.mean(values)
            let mean = centre
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            spread = (squares / Double(values.count)).squareRoot()
        case .minMax:
            centre = values.min() ?? 0
            spread = (values.max() ?? 0) - centre
        case .robust:
            let sorted = values.sorted()
            centre = Self.quantile(sorted, 0.5)
            spread = Self.quantile(sorted, 0.75) - Self.quantile(sorted, 0.25)
        }
        guard centre.isFinite, spread.isFinite else {
            throw MartletError(
                .invalidArgument,
                "The values of the column '\(column.name)' are too large to be scaled; derive smaller ones first."
            )
        }
        return (centre, spread == 0 ? 1 : spread)
    }

    /// The categories in order: all, or the `limit` most frequent.
    func categories(limit: Int?) throws(MartletError) -> [TransformValue] {
        let counts = counts()
        guard !counts.isEmpty else { throw empty("categories") }
        guard let limit, counts.count > limit else {
            guard counts.count <= TransformsLimits.categories else {
                throw MartletError(
                    .invalidArgument,
                    "The column '\(column.name)' has \(counts.count) categories, and \(TransformsLimits.categories) are the most; give max_categories, encode by the target or derive fewer."
                )
            }
            return counts.keys.sorted(by: TransformValue.precedes)
        }
        let frequent = counts.sorted { left, right in
            left.value != right.value ? left.value > right.value : TransformValue.precedes(left.key, right.key)
        }
        return frequent.prefix(limit).map(\.key).sorted(by: TransformValue.precedes)
    }

    /// Every value that is there and how often.
    func counts() -> [TransformValue: Int] {
        var counts: [TransformValue: Int] = [:]
        for value in values where value != .missing { counts[value, default: 0] += 1 }
        return counts
    }

    /// The values, one a row.
    var values: [TransformValue] {
        switch column.values {
        case .numbers(let values): values.map { TransformValue($0) }
        case .integers(let values): values.map { $0.map { TransformValue(Double($0)) } ?? .missing }
        case .strings(let values): values.map { $0.map(TransformValue.text) ?? .missing }
        }
    }

    private func mode() throws(MartletError) -> TransformValue {
        let found = counts().min { left, right in
            left.value != right.value ? left.value > right.value : TransformValue.precedes(left.key, right.key)
        }
        guard let found else { throw empty("a mode") }
        return found.key
    }

    private func numbers(_ what: String) throws(MartletError) -> [Double] {
        guard column.transformKind != .string else {
            throw MartletError(
                .invalidArgument,
                "The column '\(column.name)' is text and has not \(what); cast or encode it before."
            )
        }
        let values = (column.numbers ?? []).filter(\.isFinite)
        guard !values.isEmpty else { throw empty(what) }
        return values
    }

    private func empty(_ what: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The column '\(column.name)' has no value in the training rows, and so not \(what); drop it or fill it with a constant."
        )
    }

    /// The mean, computed so that it cannot overflow.
    private static func mean(_ values: [Double]) -> Double {
        let sum = values.reduce(0, +)
        let count = Double(values.count)
        return sum.isFinite ? sum / count : values.reduce(0) { $0 + $1 / count }
    }

    /// Between two values by their distance, as NumPy's default.
    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = Double(sorted.count - 1) * share
        let lower = Int(place)
        let upper = min(lower + 1, sorted.count - 1)
        let weight = place - Double(lower)
        return weight == 0 ? sorted[lower] : sorted[lower] * (1 - weight) + sorted[upper] * weight
    }
}
