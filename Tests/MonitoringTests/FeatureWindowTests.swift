import Core
import Testing

import Monitoring
import Statistics

struct FeatureWindowTests {
    private func rows(
        _ values: [Float],
        count: Int = 1,
        names: [String] = [],
        version: Int = 1,
        at milliseconds: Int64 = 0
    ) -> ServedRows {
        ServedRows(
            deployment: "d",
            version: version,
            names: names,
            inputs: .numbers(values),
            count: count,
            predictions: .classes([Int](repeating: 1, count: count), names: ["no", "yes"]),
            scores: [Float](repeating: 0.75, count: count),
            at: Timestamp(milliseconds: milliseconds)
        )
    }

    private func texts(_ values: [String?], version: Int = 1) -> ServedRows {
        ServedRows(
            deployment: "d",
            version: version,
            names: ["city", "size"],
            inputs: .columns([
                ServedColumn(name: "city", values: .texts(values)),
                ServedColumn(name: "size", values: .numbers(values.indices.map { Float($0) })),
            ]),
            count: values.count,
            at: Timestamp(milliseconds: 0)
        )
    }

    private func table(_ window: FeatureWindow, like names: [String]) throws -> Table {
        let like = try Table(columns: names.map { Column(name: $0, values: .numbers([0])) })
        return try window.snapshot().inputs(like: like, version: nil)
    }

    @Test func keepsTheNewestRowsInOrder() throws {
        var window = FeatureWindow(capacity: 3)
        #expect(window.snapshot().rows == 0)
        for value in 1...5 { window.append(rows([Float(value), Float(value) * 10], names: ["a", "b"])) }
        let table = try table(window, like: [])
        #expect(table["a"]?.numbers == [3, 4, 5])
        #expect(table["b"]?.numbers == [30, 40, 50])
        #expect((window.snapshot().rows, window.snapshot().total, window.count) == (3, 5, 3))
        window.removeAll()
        window.append(rows([7, 8], names: ["a", "b"]))
        #expect(try self.table(window, like: [])["b"]?.numbers == [8])
    }

    @Test func severalRowsOfARequestAreSeveralRows() throws {
        var window = FeatureWindow(capacity: 5)
        window.append(rows([1, 2, 3, 4, 5, 6], count: 3))
        #expect(try table(window, like: ["a", "b"])["b"]?.numbers == [2, 4, 6])
        let outputs = try window.snapshot().outputs(like: Table(columns: []), version: 1)
        #expect(outputs["prediction"]?.values == .strings(["yes", "yes", "yes"]))
        #expect(outputs["score"]?.numbers == [0.75, 0.75, 0.75])
        // What another version said is not compared with this one's word.
        let other = try window.snapshot().outputs(like: Table(columns: []), version: 2)
        #expect(other["score"]?.missingCount == 3)
        let none = try window.snapshot().inputs(like: Table(columns: []), version: 2, only: true)
        #expect(none.rowCount == 0)
    }

    @Test func refusesRowsWithOtherInputs() {
        var window = FeatureWindow(capacity: 4)
        window.append(rows([]))
        window.append(rows([1, 2]))
        window.append(rows([1]))
        window.append(rows([1, 2, 3]))
        window.append(rows([1, 2, 3], count: 2))
        #expect(window.count == 1)
        #expect(window.refused == 5)
    }

    @Test func anotherOrderOfInputsIsPutRight() throws {
        var window = FeatureWindow(capacity: 4)
        window.append(rows([1, 2], names: ["a", "b"], version: 1))
        window.append(rows([20, 10], names: ["b", "a"], version: 2))
        window.append(rows([0, 0], names: ["b", "c"], version: 3))
        let table = try table(window, like: [])
        #expect(table["a"]?.numbers == [1, 10])
        #expect(table["b"]?.numbers == [2, 20])
        #expect(window.refused == 1)
        for version in 4...(4 + MonitoringLimits.windowVersions) {
            window.append(rows([Float(version), 0], names: ["b", "a"], version: version))
        }
        #expect(window.refused == 1, "Past the versions that are remembered their order is found again.")
    }

    @Test func textsAreKeptAndMissingOnesAreMissing() throws {
        var window = FeatureWindow(capacity: 3)
        window.append(texts(["Rome", nil, "Oslo", "Rome"]))
        let like = try Table(columns: [
            Column(name: "city", values: .strings([])), Column(name: "size", values: .integers([])),
        ])
        let table = try window.snapshot().inputs(like: like, version: nil)
        #expect(table["city"]?.values == .strings([nil, "Oslo", "Rome"]))
        #expect(table["size"]?.values == .integers([1, 2, 3]))
    }

    @Test func textAmongNumbersStaysText() throws {
        var window = FeatureWindow(capacity: 4)
        window.append(rows([1, 2], names: ["city", "size"]))
        window.append(texts(["Rome"]))
        let table = try table(window, like: ["city", "size"])
        #expect(table["city"]?.values == .strings(["1", "Rome"]))
    }

    @Test func textsOfRowsThatLeftMakeRoom() throws {
        var window = FeatureWindow(capacity: 2)
        for index in 0...MonitoringLimits.pooledTexts { window.append(texts(["t\(index)"])) }
        let like = try Table(columns: [Column(name: "city", values: .strings([]))])
        let newest = (0...1).map { "t\(MonitoringLimits.pooledTexts - 1 + $0)" as String? }
        #expect(try window.snapshot().inputs(like: like, version: nil)["city"]?.values == .strings(newest))
        let long = String(repeating: "é", count: MonitoringLimits.textBytes)
        window.append(texts([long]))
        guard case .strings(let kept)? = try window.snapshot().inputs(like: like, version: nil)["city"]?.values else {
            Issue.record("no texts")
            return
        }
        #expect(kept.last??.utf8.count == MonitoringLimits.textBytes)
        var wide = FeatureWindow(capacity: MonitoringLimits.windowRows)
        let columns = (0..<64).map { ServedColumn(name: "c\($0)", values: .texts(["x"])) }
        wide.append(
            ServedRows(
                deployment: "d",
                version: 1,
                names: columns.map(\.name),
                inputs: .columns(columns),
                count: 1,
                at: Timestamp(milliseconds: 0)
            )
        )
        #expect(wide.capacity == MonitoringLimits.windowTexts / 64)
    }

    @Test func strangeNaNsAreMissingAndNoText() throws {
        var window = FeatureWindow(capacity: 4)
        for payload: UInt32 in [0xFFC0_0001, 0x7FC0_0001, 0xFFFF_FFFF] {
            window.append(rows([Float(bitPattern: payload)], names: ["x"]))
        }
        #expect(try table(window, like: ["x"])["x"]?.missingCount == 3)
    }

    @Test func aTimeWindowForgetsByTheClock() throws {
        var window = FeatureWindow(extent: .time(.seconds(80)))
        for second in 0..<160 { window.append(rows([Float(second)], names: ["x"], at: Int64(second) * 1_000)) }
        let kept = try #require(try table(window, like: ["x"])["x"]?.numbers)
        #expect(kept.last == 159)
        #expect(kept.count <= 80 && kept.count > 60)
        #expect(kept.first.map { $0 >= 80 } == true)
    }

    @Test func aLongWindowIsAUniformSampleOfWhatItSpans() throws {
        let span = MonitoringLimits.windowRows * 4
        var window = FeatureWindow(extent: .rows(span))
        for value in 0..<(span * 2) { window.append(rows([Float(value)], names: ["x"], at: Int64(value))) }
        let snapshot = window.snapshot()
        #expect(snapshot.rows <= MonitoringLimits.windowRows)
        #expect(snapshot.spanned > span * 3 / 4 && snapshot.spanned <= span)
        let values = try #require(try table(window, like: ["x"])["x"]?.numbers)
        #expect(values.allSatisfy { $0 >= Double(span) })
        let mean = values.reduce(0, +) / Double(values.count)
        let first = Double(span * 2 - snapshot.spanned)
        // The mean of a uniform sample of n rows over a range of r is off by r / √(12 n) or so; five times that is much.
        let error = Double(snapshot.spanned) / (12 * Double(values.count)).squareRoot()
        #expect(abs(mean - (first + Double(span * 2)) / 2) < 5 * error)
    }

    @Test func memoryIsBounded() {
        var window = FeatureWindow(capacity: MonitoringLimits.windowRows)
        window.append(rows([Float](repeating: 0, count: StatisticsLimits.features)))
        #expect(window.capacity == MonitoringLimits.windowElements / (StatisticsLimits.features + 3))
        window.append(rows([Float](repeating: 0, count: StatisticsLimits.features + 1)))
        #expect((window.count, window.refused) == (1, 1))
        var panes = FeatureWindow(extent: .rows(MonitoringLimits.windowRows + 1))
        panes.append(rows([Float](repeating: 0, count: StatisticsLimits.features)))
        #expect(
            panes.capacity * MonitoringLimits.windowPanes * (StatisticsLimits.features + 3)
                <= MonitoringLimits.windowElements
        )
    }
}
