import Core
import HTTPSupport

extension FuzzTarget {
    /// Compressed bodies: what comes out is bounded, and what is compressed comes out as it was.
    static let compression = FuzzTarget(
        "compression",
        "compressed bodies",
        seeds: ["", "x"],
        longest: 8192
    ) { bytes in
        let input = Array(bytes)
        var ways: UInt64 = 0
        for limit in [0, 1000, 1 << 20] {
            let outputs = [try? Inflater.gunzip(input, limit: limit), try? Inflater.deflated(input, limit: limit)]
            for (place, output) in outputs.enumerated() {
                guard let output else { continue }
                try require(output.count <= limit, "\(output.count) bytes come out; \(limit) are allowed")
                ways |= 1 << UInt64(place + (limit > 1000 ? 4 : 0))
            }
        }
        return ways
    }
    .with(seeds: [
        [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 171, 174, 5, 0, 67, 191, 166, 163, 2, 0, 0, 0],
        [120, 156, 171, 174, 5, 0, 1, 117, 0, 249], [171, 174, 5, 0],
    ])
}
