/// Thinning of long series that keeps what the eye sees.
package enum Downsampling {
    /// A point of a series.
    package typealias Point = (x: Double, y: Double)

    /// Largest-triangle-three-buckets (Steinarsson, 2013): at most `limit` points, first and last kept, peaks kept.
    ///
    /// Points that are not finite are dropped first.
    package static func largestTriangles(_ input: [Point], limit: Int) -> [Point] {
        let points = input.filter { $0.x.isFinite && $0.y.isFinite }
        guard limit >= 3, points.count > limit, let first = points.first, let last = points.last else { return points }
        let width = Double(points.count - 2) / Double(limit - 2)
        var result = [first]
        result.reserveCapacity(limit)
        var kept = first
        for bucket in 0..<(limit - 2) {
            let start = 1 + Int(Double(bucket) * width)
            let end = min(points.count - 1, 1 + Int(Double(bucket + 1) * width))
            let nextEnd = min(points.count, max(end + 1, 1 + Int(Double(bucket + 2) * width)))
            let mean = average(points[end..<nextEnd])
            var best = points[start]
            var bestArea = -1.0
            for point in points[start..<max(end, start + 1)] {
                let area = abs((kept.x - mean.x) * (point.y - kept.y) - (kept.x - point.x) * (mean.y - kept.y))
                if area > bestArea {
                    bestArea = area
                    best = point
                }
            }
            result.append(best)
            kept = best
        }
        result.append(last)
        return result
    }

    private static func average(_ points: ArraySlice<Point>) -> Point {
        var x = 0.0
        var y = 0.0
        for point in points {
            x += point.x
            y += point.y
        }
        let count = Double(max(1, points.count))
        return (x / count, y / count)
    }
}
