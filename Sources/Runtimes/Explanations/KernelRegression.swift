import Core

/// The weighted least squares of Kernel SHAP, with the constraint that the values add up to what the row moved.
///
/// The constraint takes the last feature out. The standard errors are those of the sampled sets: what each pair adds to
/// the normal equations, its spread, carried through their inverse.
struct KernelRegression {
    private let sets: KernelSets
    /// The inverse of the normal equations, row-major; one smaller than the features.
    private let inverse: [Double]
    private let size: Int

    /// Prepares the normal equations.
    ///
    /// - Throws: `internal` when the sets do not determine the values.
    init(_ sets: KernelSets) throws {
        self.sets = sets
        size = max(0, sets.features - 1)
        var matrix = [Double](repeating: 0, count: size * size)
        var row = [Double](repeating: 0, count: size)
        for set in 0..<(size == 0 ? 0 : sets.count) {
            Self.fill(&row, sets, set)
            for first in 0..<size where row[first] != 0 {
                let factor = sets.weights[set] * row[first]
                for second in 0..<size { matrix[first * size + second] += factor * row[second] }
            }
        }
        inverse = try Self.inverted(matrix, size)
    }

    /// The values of one output and their standard errors.
    ///
    /// - Parameters:
    ///   - moved: for each set, how far it moved the output from the base.
    ///   - total: how far the whole row did.
    /// - Returns: one value and one error for each feature.
    func solve(_ moved: [Double], total: Double) -> (values: [Double], errors: [Double]) {
        guard sets.features > 1 else {
            return (
                [Double](repeating: total, count: sets.features), [Double](repeating: 0, count: sets.features)
            )
        }
        var right = [Double](repeating: 0, count: size)
        var row = right
        var targets = [Double](repeating: 0, count: sets.count)
        for set in 0..<sets.count {
            Self.fill(&row, sets, set)
            targets[set] = moved[set] - (sets.contains(size, in: set) ? total : 0)
            let factor = sets.weights[set] * targets[set]
            for place in 0..<size { right[place] += factor * row[place] }
        }
        var values = (0..<size).map { place in
            (0..<size).reduce(0.0) { $0 + inverse[place * size + $1] * right[$1] }
        }
        let errors = sets.isComplete ? [Double](repeating: 0, count: sets.features) : errors(values, targets)
        values.append(total - values.reduce(0, +))
        return (values, errors)
    }

    private func errors(_ values: [Double], _ targets: [Double]) -> [Double] {
        let pairs = (sets.count - sets.firstSampled) / 2
        guard pairs > 1 else { return [Double](repeating: .infinity, count: sets.features) }
        // How each pair pulls at each value: its share of the inverse times the normal equations.
        var row = [Double](repeating: 0, count: size)
        var sums = [Double](repeating: 0, count: size + 1)
        var squares = sums
        for pair in 0..<pairs {
            var pull = [Double](repeating: 0, count: size)
            for set in [sets.firstSampled + 2 * pair, sets.firstSampled + 2 * pair + 1] {
                Self.fill(&row, sets, set)
                var residual = targets[set]
                for place in 0..<size { residual -= row[place] * values[place] }
                for place in 0..<size { pull[place] += sets.weights[set] * residual * row[place] }
            }
            var last = 0.0
            for place in 0..<size {
                var moved = 0.0
                for other in 0..<size { moved += inverse[place * size + other] * pull[other] }
                sums[place] += moved
                squares[place] += moved * moved
                last -= moved
            }
            sums[size] += last
            squares[size] += last * last
        }
        let count = Double(pairs)
        // Values that were fitted to the pairs make their residuals smaller than the truth.
        let correction = count / max(1, count - Double(size))
        return (0...size).map { place in
            max(0, (squares[place] - sums[place] * sums[place] / count) * correction).squareRoot()
        }
    }

    /// The set as -1, 0 and 1 with the last feature taken out.
    private static func fill(_ row: inout [Double], _ sets: KernelSets, _ set: Int) {
        let last = sets.contains(sets.features - 1, in: set) ? 1.0 : 0
        for place in row.indices { row[place] = (sets.contains(place, in: set) ? 1 : 0) - last }
    }

    /// The inverse of a symmetric positive matrix by Gauss and Jordan with pivots.
    private static func inverted(_ matrix: [Double], _ size: Int) throws -> [Double] {
        var (left, right) = (matrix, [Double](repeating: 0, count: size * size))
        for place in 0..<size { right[place * size + place] = 1 }
        for column in 0..<size {
            var pivot = column
            for row in column..<size where abs(left[row * size + column]) > abs(left[pivot * size + column]) {
                pivot = row
            }
            guard abs(left[pivot * size + column]) > 1e-12 else {
                throw MartletError(.internal, "The sampled sets do not determine the SHAP values; ask for more sets.")
            }
            if pivot != column {
                for place in 0..<size {
                    left.swapAt(pivot * size + place, column * size + place)
                    right.swapAt(pivot * size + place, column * size + place)
                }
            }
            let factor = 1 / left[column * size + column]
            for place in 0..<size {
                left[column * size + place] *= factor
                right[column * size + place] *= factor
            }
            for row in 0..<size where row != column && left[row * size + column] != 0 {
                let share = left[row * size + column]
                for place in 0..<size {
                    left[row * size + place] -= share * left[column * size + place]
                    right[row * size + place] -= share * right[column * size + place]
                }
            }
        }
        return right
    }
}
