package import Core

/// Tries every point of a grid once, in order; points whose trial failed are tried again.
package struct GridSampler: Sampler {
    private let points: Int
    private var grid: [[Double]] = []
    private var keys: Set<[UInt64]> = []

    /// Makes a sampler.
    ///
    /// - Parameter points: how many values a number without steps gets, its ends included.
    package init(points: Int = 5) {
        self.points = max(1, points)
    }

    /// What to try in the trial of that number.
    ///
    /// - Throws: `invalidArgument` for a grid of too many points, `failedPrecondition` when all of it was tried.
    package mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal {
        if grid.isEmpty { grid = try Self.grid(history.space, points) }
        let tried = Set(history.trials.filter { $0.state != .failed }.map { Self.key($0.values) })
        guard let next = grid.first(where: { !tried.contains(Self.key($0)) }) else {
            throw MartletError(.failedPrecondition, "All \(grid.count) points of the grid were tried.")
        }
        return Proposal(values: next)
    }

    private static func key(_ values: [Double]) -> [UInt64] {
        values.map { $0.isNaN ? .max : $0.bitPattern }
    }

    /// All points; a parameter that does not exist at a point takes no part there.
    ///
    /// - Throws: `invalidArgument` for more than `SamplingLimits.gridPoints`.
    package static func grid(_ space: SearchSpace, _ points: Int) throws(MartletError) -> [[Double]] {
        var grid: [[Double]] = [[Double](repeating: .nan, count: space.parameters.count)]
        for index in space.parameters.indices {
            var next: [[Double]] = []
            let values = try values(space, index, points)
            for point in grid {
                guard space.isActive(index, point) else {
                    next.append(point)
                    continue
                }
                guard next.count + values.count <= SamplingLimits.gridPoints else {
                    throw MartletError(
                        .invalidArgument,
                        "The grid has more than \(SamplingLimits.gridPoints) points; give steps or use another sampler."
                    )
                }
                for value in values {
                    var extended = point
                    extended[index] = value
                    next.append(extended)
                }
            }
            grid = next
        }
        return grid
    }

    private static func values(_ space: SearchSpace, _ index: Int, _ points: Int) throws(MartletError) -> [Double] {
        guard let range = space.ranges[index] else {
            if case .choice(let words) = space.parameters[index].distribution { return words.indices.map(Double.init) }
            return []
        }
        guard let step = range.step, !range.isLog else {
            let shares = (0..<points).map { points == 1 ? 0.5 : Double($0) / Double(points - 1) }
            var values: [Double] = []
            for share in shares {
                let value = range.value(atShare: share)
                if values.last != value { values.append(value) }
            }
            return values
        }
        let count = ((range.most - range.least) / step + 1e-9).rounded(.down) + 1
        guard count <= Double(SamplingLimits.gridPoints) else {
            throw MartletError(
                .invalidArgument,
                "The grid has more than \(SamplingLimits.gridPoints) values of '\(space.parameters[index].name)'."
            )
        }
        return (0..<Int(count)).map { min(range.least + Double($0) * step, range.most) }
    }
}
