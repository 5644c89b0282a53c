/// The volume that a set of points dominates, up to a reference point; less is better in every coordinate.
package enum Hypervolume {
    /// The volume; 0 for no points, infinite when the reference is.
    ///
    /// Two coordinates are swept, three are swept in layers, more are reduced to exclusive volumes (While, Bradstreet
    /// and Barone 2012).
    ///
    /// - Parameters:
    ///   - points: losses; those that do not reach below the reference in every coordinate count nothing.
    ///   - reference: the worst point that still counts.
    /// - Returns: the volume.
    package static func compute(_ points: [[Double]], reference: [Double]) -> Double {
        guard reference.allSatisfy(\.isFinite) else { return points.isEmpty ? 0 : .infinity }
        let inside = points.filter { $0.count == reference.count && zip($0, reference).allSatisfy { $0 < $1 } }
        let front = ParetoFront.members(inside).map { inside[$0] }
            .sorted { $0.lexicographicallyPrecedes($1) }
        switch reference.count {
        case 0: return 0
        case 1: return front.first.map { reference[0] - $0[0] } ?? 0
        case 2: return area(front, reference)
        case 3: return layers(front, reference)
        default: return exclusive(front, reference)
        }
    }

    /// The sum of the strips between neighbours; `front` ascends in the first coordinate.
    private static func area(_ front: [[Double]], _ reference: [Double]) -> Double {
        var (sum, ceiling) = (0.0, reference[1])
        for point in front where point[1] < ceiling {
            sum += (reference[0] - point[0]) * (ceiling - point[1])
            ceiling = point[1]
        }
        return sum
    }

    /// The sum of layers between neighbours in the third coordinate, each the area of the points below it.
    private static func layers(_ front: [[Double]], _ reference: [Double]) -> Double {
        let rising = front.sorted { $0[2] < $1[2] }
        var (sum, flat) = (0.0, [[Double]]())
        for (index, point) in rising.enumerated() {
            let place = flat.firstIndex { !$0.lexicographicallyPrecedes(point) } ?? flat.count
            flat.insert([point[0], point[1]], at: place)
            let top = index + 1 < rising.count ? rising[index + 1][2] : reference[2]
            guard top > point[2] else { continue }
            sum += area(flat, [reference[0], reference[1]]) * (top - point[2])
        }
        return sum
    }

    private static func exclusive(_ front: [[Double]], _ reference: [Double]) -> Double {
        var sum = 0.0
        for (index, point) in front.enumerated() {
            let box = zip(reference, point).reduce(1.0) { $0 * ($1.0 - $1.1) }
            let limited = front[(index + 1)...].map { zip($0, point).map(max) }
            guard !limited.isEmpty else {
                sum += box
                continue
            }
            let kept = ParetoFront.members(limited).map { limited[$0] }
            let unique = kept.reduce(into: [[Double]]()) { if !$0.contains($1) { $0.append($1) } }
            sum += box - exclusive(unique.sorted { $0.lexicographicallyPrecedes($1) }, reference)
        }
        return sum
    }

    /// The points that together dominate the most volume, chosen one after the other (Guerreiro and others 2021).
    ///
    /// - Returns: `count` indices; all when there are no more points.
    package static func subset(_ points: [[Double]], count: Int, reference: [Double]) -> [Int] {
        guard count < points.count else { return Array(points.indices) }
        guard reference.allSatisfy(\.isFinite) else { return Array(points.indices.prefix(count)) }
        var chosen: [Int] = []
        var rest = Array(points.indices)
        var volume = 0.0
        // What a point adds only shrinks as others are chosen, so old gains are upper bounds.
        var gains = points.map { point in zip(reference, point).reduce(1.0) { $0 * max(0, $1.0 - $1.1) } }
        while chosen.count < max(0, count) {
            var best: (place: Int, gain: Double)?
            for place in rest.indices.sorted(by: { (-gains[rest[$0]], rest[$0]) < (-gains[rest[$1]], rest[$1]) }) {
                if let best, gains[rest[place]] <= best.gain { break }
                if !chosen.isEmpty {
                    let joined = (chosen + [rest[place]]).map { points[$0] }
                    gains[rest[place]] = compute(joined, reference: reference) - volume
                }
                if best.map({ gains[rest[place]] > $0.gain }) ?? true { best = (place, gains[rest[place]]) }
            }
            guard let best else { break }
            volume += best.gain
            chosen.append(rest.remove(at: best.place))
        }
        return chosen
    }
}
