import Core
import Plots
import Sampling

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension PlotData {
    /// The objective over two numeric parameters, between trials by the inverse of the squared distance (Shepard).
    func contourPlot() throws(MartletError) -> [UInt8] {
        let numeric = space.parameters.indices.filter { space.ranges[$0].map { $0.least < $0.most } ?? false }
        let pair = columns.isEmpty ? Array(numeric.prefix(2)) : columns
        guard pair.count == 2, pair[0] != pair[1], let first = space.ranges[pair[0]], let second = space.ranges[pair[1]]
        else {
            throw MartletError(
                .failedPrecondition,
                "A contour plot needs two different parameters that are numbers; name them with 'params=a,b'."
            )
        }
        let known = trials.filter { !$0.values[pair[0]].isNaN && !$0.values[pair[1]].isNaN }
        let places = known.map {
            (first.share(of: $0.values[pair[0]]), second.share(of: $0.values[pair[1]]), value($0))
        }
        let cells = 32
        let shares = (0..<cells).map { (Double($0) + 0.5) / Double(cells) }
        var values: [Double] = []
        for y in shares {
            for x in shares { values.append(Self.between(places, x, y)) }
        }
        return ContourPlot(
            title: "Contour",
            subtitle: "\(study.name): \(objective), between trials by distance",
            x: axis(pair[0]),
            y: axis(pair[1]),
            xs: shares.map { Self.spread(first, $0) },
            ys: shares.map { Self.spread(second, $0) },
            values: values,
            valueName: objective,
            points: known.map { PlotPoint($0.values[pair[0]], $0.values[pair[1]]) }
        ).svg()
    }

    /// The value at a share of a range, between steps, too: a grid must rise.
    private static func spread(_ range: NumericRange, _ share: Double) -> Double {
        let place = range.low + (range.high - range.low) * share
        return range.isLog ? exp(place) : place
    }

    private static func between(_ places: [(Double, Double, Double)], _ x: Double, _ y: Double) -> Double {
        var (sum, weights) = (0.0, 0.0)
        for (left, below, value) in places {
            let distance = (left - x) * (left - x) + (below - y) * (below - y)
            let weight = 1 / (distance + 1e-4)
            sum += weight * value
            weights += weight
        }
        return weights > 0 ? sum / weights : .nan
    }
}
