/// Which points no other point beats, when less is better in every coordinate.
package enum ParetoFront {
    /// Whether a point is nowhere worse than another and somewhere better.
    package static func dominates(_ left: [Double], _ right: [Double]) -> Bool {
        var isBetter = false
        for (one, other) in zip(left, right) {
            if one > other { return false }
            if one < other { isBetter = true }
        }
        return isBetter
    }

    /// The indices of the points that no other dominates, ascending; equal points are all on the front.
    package static func members(_ points: [[Double]]) -> [Int] {
        let order = points.indices.sorted { points[$0].lexicographicallyPrecedes(points[$1]) }
        var front: [Int] = []
        // A point can only be dominated by one that stands before it in lexicographic order.
        for index in order where !front.contains(where: { dominates(points[$0], points[index]) }) {
            front.append(index)
        }
        return front.sorted()
    }

    /// The rank of every point: 0 on the front, 1 on the front of the rest, and so on.
    ///
    /// - Parameters:
    ///   - points: losses.
    ///   - count: how many points need a rank; ranking ends with the front that reaches it, and points beyond have the
    ///     next rank.
    /// - Returns: the ranks in the order of the points.
    package static func ranks(_ points: [[Double]], upTo count: Int = .max) -> [Int] {
        var ranks = [Int](repeating: 0, count: points.count)
        var rest = Array(points.indices)
        var (rank, ranked) = (0, 0)
        while !rest.isEmpty {
            guard ranked < count else {
                for index in rest { ranks[index] = rank }
                break
            }
            let front = Set(members(rest.map { points[$0] }).map { rest[$0] })
            for index in front { ranks[index] = rank }
            rest.removeAll { front.contains($0) }
            ranked += front.count
            rank += 1
        }
        return ranks
    }

    /// How far each point of one front stands from its neighbours, by index; infinite at the ends (Deb 2002).
    package static func crowding(_ points: [[Double]]) -> [Double] {
        var distances = [Double](repeating: 0, count: points.count)
        guard let width = points.first?.count else { return distances }
        for axis in 0..<width {
            let order = points.indices.sorted { (points[$0][axis], $0) < (points[$1][axis], $1) }
            guard let first = order.first, let last = order.last, points[first][axis] != points[last][axis] else {
                continue
            }
            let finite = order.map { points[$0][axis] }.filter(\.isFinite)
            let range = (finite.last ?? 0) - (finite.first ?? 0)
            for (place, index) in order.enumerated() {
                let below = place == 0 ? -.infinity : points[order[place - 1]][axis]
                let above = place == order.count - 1 ? .infinity : points[order[place + 1]][axis]
                distances[index] += below == above ? 0 : (above - below) / (range > 0 ? range : 1)
            }
        }
        return distances
    }
}
