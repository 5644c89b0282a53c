import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How good a model's outputs are, as permutations judge them.
enum ExplanationScore: String, CaseIterable, Sendable {
    case accuracy
    case auroc
    case logLoss = "log_loss"
    case rmse
    case rSquared = "r2"

    /// Whether more is better.
    var isHighGood: Bool { self != .logLoss && self != .rmse }

    /// The score of a name that suits the model; log loss or RMSE when none is named.
    static func named(_ name: String?, classes: Int) throws(MartletError) -> Self {
        let fitting: [Self] =
            classes == 0 ? [.rmse, .rSquared] : classes == 2 ? [.logLoss, .accuracy, .auroc] : [.logLoss, .accuracy]
        guard let name else { return fitting[0] }
        guard let score = Self(rawValue: name), fitting.contains(score) else {
            let names = fitting.map(\.rawValue).joined(separator: ", ")
            throw MartletError(.invalidArgument, "'score' is '\(name.prefix(40))'; this model is judged by \(names).")
        }
        return score
    }

    /// Judges outputs.
    ///
    /// - Parameters:
    ///   - outputs: rows × width: the probability of class 1, of every class, or a value.
    ///   - truths: the class or the value of each row.
    ///   - threshold: the probability from which class 1 is predicted.
    /// - Returns: the score.
    func value(_ outputs: [Float], truths: [Double], threshold: Double) -> Double {
        let width = outputs.count / max(1, truths.count)
        switch self {
        case .accuracy: return accuracy(outputs, truths, width, threshold)
        case .auroc: return auroc(outputs, truths)
        case .logLoss:
            let losses = truths.indices.map { row -> Double in
                let label = Int(truths[row])
                let own =
                    width > 1
                    ? Double(outputs[row * width + label]) : Double(label == 1 ? outputs[row] : 1 - outputs[row])
                return -log(min(max(own, 1e-15), 1))
            }
            return losses.reduce(0, +) / Double(max(1, truths.count))
        case .rmse:
            let squares = truths.indices.reduce(0.0) { $0 + pow(Double(outputs[$1]) - truths[$1], 2) }
            return (squares / Double(max(1, truths.count))).squareRoot()
        case .rSquared:
            let mean = truths.reduce(0, +) / Double(max(1, truths.count))
            let total = truths.reduce(0.0) { $0 + pow($1 - mean, 2) }
            let rest = truths.indices.reduce(0.0) { $0 + pow(Double(outputs[$1]) - truths[$1], 2) }
            return total > 0 ? 1 - rest / total : 0
        }
    }

    private func accuracy(_ outputs: [Float], _ truths: [Double], _ width: Int, _ threshold: Double) -> Double {
        let right = truths.indices.count { row in
            guard width > 1 else { return (Double(outputs[row]) >= threshold ? 1 : 0) == truths[row] }
            let own = outputs[row * width..<(row + 1) * width]
            let best = own.indices.max { own[$0] < own[$1] } ?? own.startIndex
            return Double(best - own.startIndex) == truths[row]
        }
        return Double(right) / Double(max(1, truths.count))
    }

    /// The share of pairs of a one and a zero that are in order, ties half.
    private func auroc(_ outputs: [Float], _ truths: [Double]) -> Double {
        let order = truths.indices.sorted { outputs[$0] < outputs[$1] }
        var (ranks, ones) = (0.0, 0.0)
        var first = 0
        while first < order.count {
            var last = first
            while last + 1 < order.count, outputs[order[last + 1]] == outputs[order[first]] { last += 1 }
            let rank = Double(first + last) / 2 + 1
            for place in first...last where truths[order[place]] == 1 {
                ranks += rank
                ones += 1
            }
            first = last + 1
        }
        let zeros = Double(truths.count) - ones
        return ones > 0 && zeros > 0 ? (ranks - ones * (ones + 1) / 2) / (ones * zeros) : 0.5
    }
}
