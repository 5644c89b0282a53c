import Foundation

/// A linear classifier trained by stochastic gradient descent on the modified Huber loss with an L1 penalty.
///
/// scikit-learn's `SGDClassifier(loss: "modified_huber", penalty: "l1", alpha: 1e-4, max_iter: 50)` step by step, its order of
/// the rows included: the penalty is the cumulative one of Tsuruoka, Tsujii and Ananiadou (2009), the rate 1 / α(t₀ + t).
struct SparseClassifier: Sendable {
    private static let alpha = 1e-4
    private static let epochs = 50
    private static let tolerance = 1e-3
    private static let patience = 5
    /// The intercept moves a hundred times less than weights, because every row has it and few rows have a term.
    private static let interceptDecay = 0.01

    private(set) var weights: [Double]
    private(set) var intercept = 0.0
    /// The penalty that each weight has received.
    private var received: [Double]
    /// The penalty that a weight could have received.
    private var due = 0.0
    private var step = 1.0
    /// The sum of the weights' sizes.
    private var size = 0.0

    /// Trains on rows whose labels are 1 or -1; `seed` orders them.
    init(_ rows: SparseRows, labels: [Double], features: Int, seed: UInt32) {
        weights = [Double](repeating: 0, count: features)
        received = weights
        let order = RowOrder(seed: seed)
        var rowsInOrder = (0..<rows.count).map { $0 }
        var best = Double.infinity
        var idle = 0
        for _ in 0..<Self.epochs {
            order.shuffle(&rowsInOrder)
            var loss = 0.0
            for row in rowsInOrder { loss += learn(rows, row, label: labels[row]) }
            idle = loss / Double(rows.count) > best - Self.tolerance ? idle + 1 : 0
            best = min(best, loss / Double(rows.count))
            if idle >= Self.patience { break }
        }
    }

    /// How far a row is on the side of label 1.
    func margin(of row: Int, in rows: SparseRows) -> Double {
        var sum = 0.0
        for entry in rows.range(of: row) { sum += rows.values[entry] * weights[Int(rows.features[entry])] }
        return sum + intercept
    }

    /// The probability of label 1.
    func probability(of row: Int, in rows: SparseRows) -> Double {
        (min(max(margin(of: row, in: rows), -1), 1) + 1) / 2
    }

    /// One step; returns the loss and the penalty before it.
    private mutating func learn(_ rows: SparseRows, _ row: Int, label: Double) -> Double {
        let margin = margin(of: row, in: rows)
        let rate = 1 / (Self.alpha * (Self.firstStep + step - 1))
        let agreement = margin * label
        let loss = agreement >= 1 ? 0 : agreement >= -1 ? (1 - agreement) * (1 - agreement) : -4 * agreement
        let slope = agreement >= 1 ? 0 : agreement >= -1 ? -2 * (1 - agreement) * label : -4 * label
        let update = -rate * slope
        let penalty = Self.alpha * size
        if update != 0 {
            for entry in rows.range(of: row) {
                let feature = Int(rows.features[entry])
                let before = abs(weights[feature])
                weights[feature] += update * rows.values[entry]
                size += abs(weights[feature]) - before
            }
            intercept += update * Self.interceptDecay
        }
        due += rate * Self.alpha
        for entry in rows.range(of: row) {
            let feature = Int(rows.features[entry])
            let before = weights[feature]
            if before > 0 {
                weights[feature] = max(0, before - (due + received[feature]))
            } else if before < 0 {
                weights[feature] = min(0, before + (due - received[feature]))
            }
            received[feature] += weights[feature] - before
            size += abs(weights[feature]) - abs(before)
        }
        step += 1
        return loss + penalty
    }

    /// t₀, such that the first rate is the size that a weight typically has.
    private static let firstStep: Double = {
        let typical = (1 / alpha.squareRoot()).squareRoot()
        // The slope of the loss at a margin of -typical is -4: never above 1.
        return 1 / (typical * alpha)
    }()
}

/// The order in which rows are visited: the generator and the shuffle of scikit-learn's data sets.
private struct RowOrder {
    private let seed: UInt32

    /// The seed that scikit-learn draws from its generator for the shuffle, after one draw for the data set.
    init(seed: UInt32) {
        var generator = MersenneTwister(seed: seed)
        _ = generator.interval(UInt32(Int32.max) - 2)
        self.seed = generator.interval(UInt32(Int32.max) - 1)
    }

    func shuffle(_ rows: inout [Int]) {
        var state = seed
        for index in rows.indices.dropLast() {
            if state == 0 { state = 1 }
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            rows.swapAt(index, index + Int(state & 0x7FFF_FFFF) % (rows.count - index))
        }
    }
}
