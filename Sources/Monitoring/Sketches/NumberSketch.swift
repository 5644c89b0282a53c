/// What is known of the numbers that one feature had, in constant memory.
package struct NumberSketch: Sendable, Equatable {
    /// Values that were missing.
    package private(set) var missing: UInt64 = 0
    /// Values that were infinite.
    package private(set) var infinite: UInt64 = 0
    /// Texts that came where a number belongs.
    package private(set) var texts: UInt64 = 0
    /// Count, extremes, mean and variance of the finite values.
    package private(set) var moments = Moments()
    /// Quantiles of the finite values.
    package private(set) var quantiles = QuantileSketch()
    /// The finite values in the reference's bins; nil before there is a reference.
    package private(set) var bins: BinCounts?

    /// No value yet.
    ///
    /// - Parameter bins: Empty bins over the reference's range.
    package init(bins: BinCounts? = nil) {
        self.bins = bins
    }

    /// Values seen, whatever they were.
    package var count: UInt64 { moments.count &+ missing &+ infinite &+ texts }

    /// The share of values that were missing; nil before the first value.
    package var missingShare: Double? { count == 0 ? nil : Double(missing) / Double(count) }

    /// Takes a value; NaN is missing.
    @inline(__always)
    package mutating func add(_ value: Float) {
        // Exponent bits all ones: NaN or an infinity.
        guard value.bitPattern & 0x7F80_0000 != 0x7F80_0000 else {
            if value.isNaN { missing &+= 1 } else { infinite &+= 1 }
            return
        }
        moments.add(value)
        quantiles.add(value)
        bins?.add(value)
    }

    /// Begins to count in bins, unless there are some.
    mutating func begin(_ bins: BinCounts) {
        if self.bins == nil { self.bins = bins }
    }

    /// Takes note of a text that is no number.
    package mutating func addText() { texts &+= 1 }
}

extension NumberSketch {
    func encode(into writer: inout BlobWriter) {
        writer.count(missing)
        writer.count(infinite)
        writer.count(texts)
        writer.count(moments.count)
        writer.float(moments.least)
        writer.float(moments.greatest)
        writer.double(moments.mean)
        writer.double(moments.sumOfSquares)
        quantiles.encode(into: &writer)
        writer.int(bins?.counts.count ?? 0)
        guard let bins else { return }
        writer.float(bins.low)
        writer.float(bins.high)
        for count in bins.counts { writer.count(UInt64(count)) }
    }

    init(from reader: inout BlobReader) throws {
        missing = try reader.count()
        infinite = try reader.count()
        texts = try reader.count()
        moments = Moments(
            count: try reader.count(),
            least: try reader.float(),
            greatest: try reader.float(),
            mean: try reader.double(),
            squares: try reader.double()
        )
        quantiles = try QuantileSketch(from: &reader)
        let count = try reader.int(upTo: MonitoringLimits.histogramBins + 2)
        guard count > 0 else { return }
        let (low, high) = (try reader.float(), try reader.float())
        var counts: [UInt32] = []
        for _ in 0..<count { counts.append(UInt32(try reader.count(upTo: UInt64(UInt32.max)))) }
        guard let stored = BinCounts(low: low, high: high, counts: counts) else { throw BlobReader.damaged }
        bins = stored
    }
}
