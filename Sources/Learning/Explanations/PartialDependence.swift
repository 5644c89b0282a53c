import Core

/// What a model says when one feature, or two, are set to each of some values in every row, on average and row by row.
package struct PartialDependence: Sendable, Equatable {
    /// The values of each feature, rising.
    package let grids: [[Double]]
    /// The mean output at each point; of two features row-major, the first feature's values slowest.
    package let means: [Double]
    /// The output of single rows at each point (individual conditional expectation); of one feature only.
    package let lines: [[Double]]

    /// Asks the model at every point.
    ///
    /// - Parameters:
    ///   - rows: `count × width` numbers.
    ///   - count: how many rows.
    ///   - width: numbers in a row.
    ///   - features: one or two columns.
    ///   - points: at most so many values of a feature, spread over its quantiles.
    ///   - lines: at most so many rows get a line of their own.
    ///   - predict: the one output of each row.
    /// - Throws: `invalidArgument` when a feature has no value; what `predict` throws; `CancellationError`.
    @concurrent
    package init(
        _ rows: [Float],
        count: Int,
        width: Int,
        features: [Int],
        points: Int,
        lines: Int,
        predict: @Sendable (_ rows: [Float], _ count: Int) async throws -> [Double]
    ) async throws {
        let grids = try features.map { feature in
            try Self.grid((0..<count).map { Double(rows[$0 * width + feature]) }, points)
        }
        self.grids = grids
        let second = grids.count > 1 ? grids[1].map(Optional.init) : [nil]
        var means: [Double] = []
        let kept = grids.count > 1 ? 0 : min(lines, count)
        var kept1 = [[Double]](repeating: [], count: kept)
        for first in grids[0] {
            for other in second {
                try Task.checkCancellation()
                var changed = rows
                for row in 0..<count {
                    changed[row * width + features[0]] = Float(first)
                    if let other { changed[row * width + features[1]] = Float(other) }
                }
                let outputs = try await predict(changed, count)
                guard outputs.count == count else {
                    throw MartletError(.internal, "The model gave \(outputs.count) numbers for \(count) rows.")
                }
                means.append(outputs.reduce(0, +) / Double(max(1, count)))
                for line in 0..<kept { kept1[line].append(outputs[line * count / kept]) }
            }
        }
        self.means = means
        self.lines = kept1
    }

    /// All values of a feature when they are few, else its quantiles from 1 % to 99 %.
    static func grid(_ values: [Double], _ points: Int) throws(MartletError) -> [Double] {
        let known = values.filter(\.isFinite).sorted()
        guard let first = known.first else {
            throw MartletError(.invalidArgument, "The feature has no value in these rows.")
        }
        var distinct = [first]
        for value in known where value != distinct[distinct.count - 1] { distinct.append(value) }
        guard distinct.count > points else { return distinct }
        var grid: [Double] = []
        for point in 0..<points {
            let share = 0.01 + 0.98 * Double(point) / Double(max(1, points - 1))
            let place = share * Double(known.count - 1)
            let low = Int(place)
            let high = min(low + 1, known.count - 1)
            let value = known[low] + (known[high] - known[low]) * (place - Double(low))
            if grid.last != value { grid.append(value) }
        }
        return grid
    }
}
