import Core
import Testing

import Statistics

struct PrincipalComponentsTests {
    /// The columns of a case, whose tables stand in the case that it names.
    private func columns(_ item: JSONValue, _ cases: [JSONValue], _ side: String) throws -> [[Double]] {
        let frame = try #require(cases.first { $0["id"] == item["frame"] })
        let names = try #require(item["columns"]?.arrayValue).compactMap(\.stringValue)
        return try names.map { name in
            try #require(frame["frame_\(side)"]?[name]?.arrayValue).map { $0.doubleValue ?? .nan }
        }
    }

    private func chunks(_ columns: [[Double]], of rows: Int) -> [[[Double]]] {
        stride(from: 0, to: columns[0].count, by: rows).map { start in
            columns.map { Array($0[start..<min(start + rows, $0.count)]) }
        }
    }

    @Test func equalsNannyML() throws {
        let all = try VectorFile("nannyml.json").cases()
        let cases = try all.filter { try $0.text("id").hasSuffix("/pca_reconstruction") }
        #expect(cases.count == 2)
        for item in cases {
            let id = try item.text("id")
            let size = Int(try item.number("chunk_size"))
            let expected = try #require(item["expected"])
            func series(_ name: String) throws -> [Double] { try expected.numbers("reconstruction_error/\(name)") }
            let components = try PrincipalComponents(columns: columns(item, all, "reference"), chunkRows: size)
            let current = try chunks(columns(item, all, "current"), of: size)
            let errors = try components.referenceChunks(of: size) + current.map { try components.error(of: $0) }
            let (values, samplingErrors) = try (series("value"), series("sampling_error"))
            #expect(errors.count == values.count)
            for (chunk, (value, samplingError)) in zip(errors, zip(values, samplingErrors)) {
                #expect(agree(chunk.value, value, relative: 1e-9), "\(id) \(chunk.value) \(value)")
                #expect(agree(try #require(chunk.samplingError), samplingError, relative: 1e-9), "\(id)")
            }
            let alerts = try #require(expected["reconstruction_error/alert"]?.arrayValue).compactMap(\.boolValue)
            for (columns, alert) in zip(current, alerts.suffix(current.count)) {
                let report = try components.test(columns: columns)
                #expect(report.result.drifted == alert, "\(id)")
                #expect(agree(report.upper, try series("upper_threshold")[0], relative: 1e-9), "\(id)")
                #expect(agree(report.lower, try series("lower_threshold")[0], relative: 1e-9), "\(id)")
            }
        }
    }

    /// Three features of which the third is the sum of the others: two components explain everything.
    @Test func whatFitsThePlaneIsReconstructed() throws {
        var generator = SeededGenerator(seed: 5)
        func rows(_ count: Int, off: Double) -> [[Double]] {
            let (x, y) = ((0..<count).map { _ in generator.normal() }, (0..<count).map { _ in generator.normal() })
            return [x, y, zip(x, y).map { $0 + $1 + off * generator.normal() }]
        }
        let components = try PrincipalComponents(columns: rows(200, off: 0), variance: 0.99)
        #expect(components.explained.count == 2)
        #expect(try components.error(of: rows(50, off: 0)).value < 1e-9)
        let report = try components.test(columns: rows(50, off: 1))
        #expect(report.result.drifted && report.chunk.value > 0.1)
        #expect(report.result.pValue == nil)
    }

    @Test(arguments: [1e-150, 1e-9, 1e12, 1e150])
    func unitsDoNotMatter(unit: Double) throws {
        var generator = SeededGenerator(seed: 6)
        let reference = (0..<4).map { _ in (0..<80).map { _ in generator.normal() } }
        let current = (0..<4).map { _ in (0..<30).map { _ in generator.normal() + 1 } }
        let plain = try PrincipalComponents(columns: reference).test(columns: current)
        let scaled = try PrincipalComponents(columns: reference.map { $0.map { $0 * unit } })
            .test(columns: current.map { $0.map { $0 * unit } })
        #expect(agree(plain.chunk.value, scaled.chunk.value, relative: 1e-6))
        #expect(plain.result.drifted == scaled.result.drifted)
    }

    @Test func missingAndConstantValues() throws {
        var generator = SeededGenerator(seed: 7)
        var reference = (0..<3).map { _ in (0..<60).map { _ in generator.normal() } }
        reference[0][5] = .nan
        reference[1][7] = .infinity
        // A column without any value is left out; a constant one counts in its own units.
        reference.append([Double](repeating: .nan, count: 60))
        reference.append([Double](repeating: 2, count: 60))
        let components = try PrincipalComponents(columns: reference)
        func current(_ constant: Double) -> [[Double]] {
            var columns = (0..<3).map { _ in (0..<20).map { _ in generator.normal() } }
            columns[2][0] = .nan
            return columns + [[Double](repeating: 7, count: 20), [Double](repeating: constant, count: 20)]
        }
        #expect(try components.test(columns: current(2)).chunk.value.isFinite)
        let moved = try components.test(columns: current(9))
        #expect(moved.result.drifted, "\(moved)")
        let one = try components.test(columns: [[0], [0], [0], [0], [2]])
        #expect(one.chunk.samplingError == nil && one.chunk.value.isFinite)
    }

    @Test func badInputIsATypedError() throws {
        let good: [[Double]] = [[1, 2, 3, 5], [2, 1, 4, 4]]
        let code = TestSamples.code
        for variance in [0, 1, -1, Double.nan] {
            #expect(code { _ = try PrincipalComponents(columns: good, variance: variance) } == .invalidArgument)
        }
        #expect(code { _ = try PrincipalComponents(columns: good, chunkRows: 0) } == .invalidArgument)
        #expect(code { _ = try PrincipalComponents(columns: good, chunkRows: 4) } == .failedPrecondition)
        #expect(code { _ = try PrincipalComponents(columns: []) } == .invalidArgument)
        #expect(code { _ = try PrincipalComponents(columns: [[1, 2], [1]]) } == .invalidArgument)
        #expect(code { _ = try PrincipalComponents(columns: [[1], [2]]) } == .failedPrecondition)
        #expect(code { _ = try PrincipalComponents(columns: [[], []]) } == .failedPrecondition)
        #expect(
            code { _ = try PrincipalComponents(columns: [[.nan, .nan], [.nan, .infinity]]) } == .failedPrecondition
        )
        #expect(code { _ = try PrincipalComponents(columns: [[1, 1, 1], [2, 2, 2]]) } == .failedPrecondition)
        let components = try PrincipalComponents(columns: good)
        #expect(code { _ = try components.test(columns: [[1, 2]]) } == .invalidArgument)
        #expect(code { _ = try components.test(columns: [[1, 2], [1]]) } == .invalidArgument)
        #expect(code { _ = try components.test(columns: [[], []]) } == .failedPrecondition)
        #expect(code { _ = try components.test(columns: [[.nan], [.nan]]) } == .failedPrecondition)
        #expect(code { _ = try components.test(columns: [[1e308, -1e308], [1e308, 1]]) } == .failedPrecondition)
    }

    @Test func featuresHoldAtTheLimitAndOnePast() throws {
        let limit = StatisticsLimits.principalFeatures
        // One component: the columns are multiples of each other.
        let columns = (0...limit).map { [Double($0 + 1), Double(3 * ($0 + 1)), 0] }
        #expect(try PrincipalComponents(columns: Array(columns.prefix(limit))).explained.count == 1)
        #expect(TestSamples.code { _ = try PrincipalComponents(columns: columns) } == .payloadTooLarge)
    }

    @Test func categoriesBecomeShares() {
        let encoding = FrequencyEncoding(reference: ["a", "b", "a", nil])
        #expect(encoding.shares == ["a": 0.75, "b": 0.25])
        #expect(encoding.encode(["b", "a", nil, "z"]) == [0.25, 0.75, 0.75, 0])
        #expect(FrequencyEncoding(reference: [nil, nil]).encode([nil, "a"]) == [0, 0])
        #expect(FrequencyEncoding(reference: []).encode(["a"]) == [0])
    }
}
