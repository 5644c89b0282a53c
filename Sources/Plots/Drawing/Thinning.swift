/// Takes points away until a chart can draw them, and keeps what can be seen.
enum Thinning {
    /// A line of at most `limit` points: of each stretch the lowest and the highest.
    static func line(_ points: [PlotPoint], limit: Int) -> [PlotPoint] {
        guard points.count > limit, limit >= 4 else { return points }
        let stretches = limit / 2
        var kept: [PlotPoint] = []
        kept.reserveCapacity(limit)
        for stretch in 0..<stretches {
            let range = stretch * points.count / stretches..<(stretch + 1) * points.count / stretches
            let finite = range.filter { points[$0].isFinite }
            guard let low = finite.min(by: { points[$0].y < points[$1].y }),
                let high = finite.max(by: { points[$0].y < points[$1].y })
            else { continue }
            kept.append(points[min(low, high)])
            if low != high { kept.append(points[max(low, high)]) }
        }
        return kept
    }

    /// At most `limit` of `count` places, evenly spread.
    static func indices(_ count: Int, limit: Int) -> [Int] {
        guard count > limit else { return Array(0..<count) }
        return (0..<max(0, limit)).map { $0 * count / limit }
    }
}
