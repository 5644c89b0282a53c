/// Quantiles of any number of finite values in bounded memory, with a bounded relative error.
///
/// Every power of two is divided into 64 equal parts, per sign, which the bits of a 32-bit float name by themselves: a value
/// costs two look-ups. A quantile is off by at most `relativeError` of its value. Parts are counted in pages, one for each
/// power of two that occurs; past `MonitoringLimits.quantilePages` further powers are counted in the nearest page there is
/// (`folded` says how many values), so 64 powers of two are told apart: a range of 10^19.
package struct QuantileSketch: Sendable, Equatable {
    /// The largest error of a quantile, as a share of its value.
    package static let relativeError = 1.0 / 128
    private static let parts = 64

    /// Values seen.
    package private(set) var count: UInt64 = 0
    /// Values that are counted in a page of another power of two.
    package private(set) var folded: UInt64 = 0
    /// By sign and exponent, the page plus one; 0 for none.
    private var index = [UInt8](repeating: 0, count: 512)
    /// Sign and exponent of each page.
    private var exponents: [UInt16] = []
    private var counts: [UInt32] = []

    /// No value yet.
    package init() {}

    /// Takes a finite value.
    @inline(__always)
    package mutating func add(_ value: Float) {
        let bits = value.bitPattern
        let exponent = Int(bits >> 23)
        var page = Int(index[exponent])
        if page == 0 { page = open(UInt16(exponent)) }
        let slot = (page - 1) * Self.parts + Int((bits >> 17) & 63)
        counts[slot] &+= 1
        count &+= 1
    }

    /// Opens a page; when all are in use, finds the nearest of the same sign, else any.
    private mutating func open(_ exponent: UInt16) -> Int {
        if exponents.count < MonitoringLimits.quantilePages {
            exponents.append(exponent)
            counts.append(contentsOf: repeatElement(0, count: Self.parts))
            index[Int(exponent)] = UInt8(exponents.count)
            return exponents.count
        }
        folded &+= 1
        let wanted = Int(exponent)
        let nearest = exponents.indices.min { first, second in
            distance(exponents[first], wanted) < distance(exponents[second], wanted)
        }
        return (nearest ?? 0) + 1
    }

    private func distance(_ exponent: UInt16, _ wanted: Int) -> Int {
        let isOther = (Int(exponent) ^ wanted) & 0x100 != 0
        return abs((Int(exponent) & 0xFF) - (wanted & 0xFF)) + (isOther ? 1_000 : 0)
    }

    /// The counted parts from the least value up, by the middle of each part.
    package var parts: [(value: Double, count: UInt64)] {
        var found: [(value: Double, count: UInt64)] = []
        for (page, exponent) in exponents.enumerated() {
            for part in 0..<Self.parts {
                let held = counts[page * Self.parts + part]
                guard held > 0 else { continue }
                found.append((Self.middle(UInt32(exponent) << 23 | UInt32(part) << 17), UInt64(held)))
            }
        }
        return found.sorted { $0.value < $1.value }
    }

    /// The value below which a share of the values lies, off by at most `relativeError` of it; nil before the first value.
    ///
    /// - Parameter share: 0 to 1; what lies outside is taken as 0 or 1.
    /// - Returns: The value.
    package func quantile(_ share: Double) -> Double? {
        quantiles([share]).first ?? nil
    }

    /// Several quantiles in one pass.
    ///
    /// - Parameter shares: Ascending shares from 0 to 1.
    /// - Returns: One value for each share; nil before the first value.
    package func quantiles(_ shares: [Double]) -> [Double?] {
        guard count > 0 else { return shares.map { _ in nil } }
        let parts = parts
        var results: [Double?] = []
        var position = 0
        var below: UInt64 = 0
        for share in shares {
            let rank = UInt64((min(max(share, 0), 1) * Double(count - 1)).rounded(.down))
            while position < parts.count - 1, below + parts[position].count <= rank {
                below += parts[position].count
                position += 1
            }
            results.append(parts[position].value)
        }
        return results
    }

    private static func middle(_ bits: UInt32) -> Double {
        let low = Double(Float(bitPattern: bits))
        // Zero and what rounds to it: the part that holds zero is answered with it.
        if bits & 0x7FFF_FFFF == 0 { return 0 }
        let high = Float(bitPattern: bits | 0x1FFFF)
        return high.isFinite ? (low + Double(high)) / 2 : low
    }
}

extension QuantileSketch {
    func encode(into writer: inout BlobWriter) {
        writer.count(count)
        writer.count(folded)
        writer.count(UInt64(exponents.count))
        for (page, exponent) in exponents.enumerated() {
            writer.count(UInt64(exponent))
            for part in 0..<Self.parts { writer.count(UInt64(counts[page * Self.parts + part])) }
        }
    }

    init(from reader: inout BlobReader) throws {
        count = try reader.count()
        folded = try reader.count()
        for page in 0..<(try reader.count(upTo: UInt64(MonitoringLimits.quantilePages))) {
            let exponent = try reader.count(upTo: 511)
            guard index[Int(exponent)] == 0 else { throw BlobReader.damaged }
            exponents.append(UInt16(exponent))
            index[Int(exponent)] = UInt8(page + 1)
            for _ in 0..<Self.parts { counts.append(UInt32(try reader.count(upTo: UInt64(UInt32.max)))) }
        }
    }
}
