import Core
import Statistics

/// One column of the reference with its method, prepared as far as the reference alone decides it.
struct ColumnTest: Sendable {
    let name: String
    private let kind: ColumnKind
    private let choice: DetectorSpec.Method
    private let reference: ColumnSample
    private let referenceDistinct: DistinctValues
    private let prepared: Prepared

    /// One value is no sample: every distance from it is large.
    private static let leastValues = 2

    private enum Prepared: Sendable {
        /// The method depends on the current values.
        case later
        case detector(any UnivariateDetector)
        case text(any TextComparison)
        /// The reference can never support a verdict.
        case impossible(DetectorKind, reason: String)
    }

    /// Prepares a column.
    ///
    /// A method that cannot compare the column is an error where the column was named, else a column without a verdict.
    init(
        _ column: Column,
        as kind: ColumnKind,
        choice: DetectorSpec.Method,
        isNamed: Bool
    ) throws(MartletError) {
        name = column.name
        self.kind = kind
        self.choice = choice
        reference = ColumnSample(column, as: kind)
        referenceDistinct = DistinctValues(reference.values)
        let distinct = referenceDistinct.count
        let isSettled = choice.kind != .automatic || kind == .text || distinct > DistinctValues.many
        let method =
            choice.kind == .automatic
            ? MethodChoice.automatic(kind, count: reference.count, distinct: distinct) : choice.kind
        guard reference.count >= Self.leastValues else {
            let count = reference.count == 0 ? "no value" : "1 value"
            let reason = "insufficient data: the reference has \(count) in '\(column.name)' that can be compared."
            prepared = .impossible(method, reason: reason)
            return
        }
        try Self.checkThreshold(method, choice.threshold, name: column.name)
        guard isSettled else {
            prepared = .later
            return
        }
        do {
            prepared = try Self.prepare(method, reference.values, choice, name: column.name)
        } catch {
            guard error.code == .invalidArgument, !isNamed else { throw error }
            prepared = .impossible(method, reason: error.message)
        }
    }

    private static func checkThreshold(
        _ method: DetectorKind,
        _ threshold: Double?,
        name: String
    ) throws(MartletError) {
        guard let threshold else { return }
        let isShare = method == .textAgainstChance || method == .textAgainstScore
        guard threshold >= 0, threshold.isFinite, threshold <= 1 || !(method.isPValue || isShare) else {
            throw MartletError(
                .invalidArgument,
                "Column '\(name)': the threshold \(threshold) cannot be one of \(method.rawValue)."
            )
        }
    }

    private static func prepare(
        _ method: DetectorKind,
        _ reference: UnivariateSample,
        _ choice: DetectorSpec.Method,
        name: String
    ) throws(MartletError) -> Prepared {
        do {
            switch method {
            case .univariate(let univariate):
                return .detector(try univariate.prepare(reference: reference, threshold: choice.threshold))
            default:
                return .text(try TextComparisons.prepare(method, reference: reference, threshold: choice.threshold))
            }
        } catch {
            guard error.code == .failedPrecondition else { throw error.naming(column: name) }
            return .impossible(method, reason: error.message)
        }
    }

    /// Compares the current column; nil stands for one that is missing.
    func compare(_ column: Column?) throws(MartletError) -> FeatureDrift {
        guard let column else {
            return undecided(settledMethod, "insufficient data: the current table has no column '\(name)'.")
        }
        let current = ColumnSample(column, as: kind)
        let sameType = current.values.isNumeric == reference.values.isNumeric
        let values = sameType ? current.values : current.asCategories
        let method = method(with: values)
        if case .impossible(_, let reason) = prepared { return undecided(method, reason) }
        guard current.count >= Self.leastValues else {
            let count = current.count == 0 ? "no value" : "1 value"
            return undecided(method, "insufficient data: the current '\(name)' has \(count) that can be compared.")
        }
        do {
            let ready =
                switch prepared {
                case .later:
                    try Self.prepare(method, sameType ? reference.values : reference.asCategories, choice, name: name)
                case _ where !sameType: try Self.prepare(method, reference.asCategories, choice, name: name)
                default: prepared
                }
            switch ready {
            case .detector(let detector):
                let result = try detector.compare(values)
                return FeatureDrift(
                    name: name,
                    method: method,
                    score: result.score,
                    statistic: result.statistic,
                    pValue: result.pValue,
                    threshold: result.threshold,
                    drifted: result.drifted
                )
            case .text(let comparison):
                let result = try comparison.compare(values)
                return FeatureDrift(
                    name: name,
                    method: method,
                    score: result.score,
                    threshold: result.threshold,
                    drifted: result.drifted
                )
            case .impossible(_, let reason): return undecided(method, reason)
            case .later: return undecided(method, "insufficient data: '\(name)' cannot be compared.")
            }
        } catch {
            // Current values that a method cannot have, such as a third category, are no fault of the declaration.
            guard error.code == .failedPrecondition || error.code == .invalidArgument else {
                throw error.naming(column: name)
            }
            return undecided(method, error.naming(column: name).message)
        }
    }

    private var settledMethod: DetectorKind {
        guard choice.kind == .automatic else { return choice.kind }
        return MethodChoice.automatic(kind, count: reference.count, distinct: referenceDistinct.count)
    }

    private func method(with current: UnivariateSample) -> DetectorKind {
        guard choice.kind == .automatic, referenceDistinct.count <= DistinctValues.many else { return settledMethod }
        let distinct = referenceDistinct.union(current).count
        return MethodChoice.automatic(kind, count: reference.count, distinct: distinct)
    }

    private func undecided(_ method: DetectorKind, _ reason: String) -> FeatureDrift {
        let bound: Double =
            if let threshold = choice.threshold {
                threshold
            } else if case .univariate(let univariate) = method {
                univariate.defaultThreshold
            } else {
                TextComparisons.defaultThreshold(of: method)
            }
        return FeatureDrift(name: name, method: method, threshold: bound, reason: reason)
    }
}

/// Counts distinct values no further than the choice of a method needs.
struct DistinctValues: Sendable {
    /// More distinct values are all alike.
    static let many = 5
    private var numbers: Set<Double> = []
    private var texts: Set<String> = []

    init(_ sample: UnivariateSample) { add(sample) }

    /// How many there are; at most one more than `many`.
    var count: Int { numbers.count + texts.count }

    func union(_ sample: UnivariateSample) -> DistinctValues {
        var both = self
        both.add(sample)
        return both
    }

    private mutating func add(_ sample: UnivariateSample) {
        switch sample {
        case .numbers(let values, _):
            for value in values {
                guard count <= Self.many else { return }
                numbers.insert(value)
            }
        case .categories(let values):
            for value in values {
                guard count <= Self.many else { return }
                texts.insert(value)
            }
        }
    }
}

extension MartletError {
    /// The error with the column that it is about in front.
    func naming(column: String) -> MartletError {
        message.contains("'\(column)'") ? self : MartletError(code, "Column '\(column)': \(message)", cause: cause)
    }
}
