import Core
import Testing

import Monitoring

struct SketchTests {
    private static func served(_ columns: [ServedColumn], version: Int = 1) -> ServedRows {
        ServedRows(
            deployment: "d",
            version: version,
            names: columns.map(\.name),
            inputs: .columns(columns),
            count: columns.first?.values.count ?? 0,
            predictions: .texts((0..<(columns.first?.values.count ?? 0)).map { "class \($0 % 2)" }),
            at: Timestamp(milliseconds: 5)
        )
    }

    @Test func momentsEqualTheTextbook() {
        var moments = Moments()
        #expect(moments.variance == nil)
        for value: Float in [1e6 + 1, 1e6 + 2, 1e6 + 4] { moments.add(value) }
        #expect((moments.count, moments.least, moments.greatest) == (3, 1e6 + 1, 1e6 + 4))
        #expect(abs(moments.mean - (1e6 + 7.0 / 3)) < 1e-6)
        #expect(abs((moments.variance ?? 0) - 7.0 / 3) < 1e-6)
    }

    @Test(arguments: [1.0, 1e-9, 1e12])
    func quantilesAreWithinTheStatedError(scale: Double) throws {
        var generator = SeededGenerator(seed: 3)
        var sketch = QuantileSketch()
        var values: [Double] = []
        for _ in 0..<20_000 {
            let value = Float(generator.normal() * scale)
            values.append(Double(value))
            sketch.add(value)
        }
        values.sort()
        let shares = [0, 0.01, 0.25, 0.4, 0.75, 0.99, 1]
        for (share, found) in zip(shares, sketch.quantiles(shares)) {
            let exact = values[Int(share * Double(values.count - 1))]
            #expect(abs(try #require(found) - exact) <= abs(exact) * QuantileSketch.relativeError * 1.001, "\(share)")
        }
        #expect(sketch.count == 20_000)
        #expect(sketch.folded == 0)
    }

    @Test func quantilesOfFewAndOfEqualValues() {
        var sketch = QuantileSketch()
        #expect(sketch.quantile(0.5) == nil)
        sketch.add(0)
        #expect(sketch.quantiles([-1, 0.5, 2]) == [0, 0, 0])
        sketch.add(-0.0)
        sketch.add(.greatestFiniteMagnitude)
        #expect(sketch.quantile(1).map { $0 > 3e38 } == true)
    }

    @Test func memoryForPowersOfTwoIsBounded() {
        var sketch = QuantileSketch()
        for exponent in -60..<60 { sketch.add(Float(sign: .plus, exponent: exponent, significand: 1)) }
        #expect(sketch.count == 120)
        #expect(sketch.folded == UInt64(120 - MonitoringLimits.quantilePages))
        #expect(sketch.parts.reduce(0) { $0 + $1.count } == 120)
    }

    @Test func binsHoldTheReferencesRangeAndWhatLiesOutside() {
        var bins = BinCounts(low: 0, high: 10)
        for value: Float in [-1, 0, 0.4, 9.9, 10, 10.1, .greatestFiniteMagnitude] { bins.add(value) }
        #expect(bins.counts.count == MonitoringLimits.histogramBins + 2)
        #expect(bins.counts.first == 1)
        #expect(bins.counts.last == 2)
        #expect(bins.counts[1] == 2)
        #expect(bins.counts[bins.counts.count - 2] == 2)
        #expect(bins.edges.count == MonitoringLimits.histogramBins + 1)
        var constant = BinCounts(low: 3, high: 3)
        for value: Float in [2, 3, 4] { constant.add(value) }
        #expect(constant.counts == [1, 1, 1])
        var wide = BinCounts(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude)
        wide.add(5)
        #expect(wide.counts == [0, 1, 0])
    }

    @Test func frequentTextsAreFoundAmongThousands() throws {
        var generator = SeededGenerator(seed: 5)
        var frequent = FrequentTexts()
        var distinct = DistinctEstimate()
        for index in 0..<30_000 {
            let text = index.isMultiple(of: 5) ? "often" : "rare \(generator.index(below: 10_000))"
            frequent.add(text)
            distinct.add(DistinctEstimate.hash(text))
        }
        let top = frequent.top(3)
        #expect(top.first?.text == "often")
        let entry = try #require(top.first)
        #expect(entry.count >= 6_000)
        #expect(entry.count - entry.excess <= 6_000)
        // 24,000 draws of 10,000 leave e^−2.4 of them out.
        let expected = 1 + 10_000 * (1 - 0.0907)
        #expect(abs(distinct.value - expected) < expected * 4 * DistinctEstimate.standardError)
        #expect(frequent.top(1_000).count == MonitoringLimits.frequentTexts)
        #expect(DistinctEstimate().value == 0)
    }

    @Test func aVersionsSketchSeesNumbersTextsAndWhatIsMissing() throws {
        let columns = [
            ServedColumn(name: "city", values: .texts(["Rome", nil, "Rome", "Oslo"])),
            ServedColumn(name: "size", values: .numbers([1, .nan, .infinity, 3])),
        ]
        var sketch = try #require(
            VersionSketch(first: Self.served(columns), bins: ["size": BinCounts(low: 0, high: 2)])
        )
        sketch.add(Self.served(columns))
        sketch.add(Self.served([ServedColumn(name: "size", values: .texts(["7", "big", nil, "-"]))]))
        #expect(sketch.names == ["city", "size", "prediction", "score"])
        guard case .texts(let city)? = sketch.feature(named: "city"),
            case .numbers(let size)? = sketch.feature(named: "size")
        else {
            Issue.record("one column of texts and one of numbers")
            return
        }
        #expect((city.present, city.missing) == (3, 1))
        #expect(city.frequent.top(1).first?.text == "Rome")
        #expect((size.moments.count, size.missing, size.infinite, size.texts) == (3, 2, 1, 2))
        #expect(size.bins?.counts.last == 2)
        #expect(sketch.json["features"]?.arrayValue?.count == 4)

        let back = try VersionSketch(sketch.encoded())
        #expect(back.json == sketch.json)
    }

    @Test func damagedBytesAreNoSketch() throws {
        let columns = [ServedColumn(name: "size", values: .numbers([1, 2, 3]))]
        let sketch = try #require(VersionSketch(first: Self.served(columns), bins: [:]))
        let bytes = sketch.encoded()
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: MartletError.self) { try VersionSketch(Array(bytes.prefix(length))) }
        }
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var broken = bytes
            broken[generator.index(below: broken.count)] = UInt8(truncatingIfNeeded: generator.next())
            // Whatever is read is a sketch or an error, and never a trap.
            _ = try? VersionSketch(broken).json
        }
    }

    @Test func columnsThatHaveSketchesAreLimited() throws {
        let width = MonitoringLimits.sketchColumns + 1
        let rows = ServedRows(
            deployment: "d",
            version: 1,
            names: (0..<width).map { "f\($0)" },
            inputs: .numbers([Float](repeating: 1, count: width)),
            count: 1,
            at: Timestamp(milliseconds: 0)
        )
        var sketch = try #require(VersionSketch(first: rows, bins: [:]))
        sketch.add(rows)
        #expect(sketch.names.count == MonitoringLimits.sketchColumns + 2)
        #expect((sketch.rows, sketch.refused) == (1, 0))
    }
}
