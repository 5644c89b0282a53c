import Core
import Testing

import Statistics

/// NannyML 0.13.1's univariate drift and simple data quality, every chunk of every column.
struct ChunkParityTests {
    private let file: VectorFile

    init() throws { file = try VectorFile("nannyml.json") }

    private func frame(_ name: String) throws -> JSONValue {
        try #require(try file.cases().first { $0["id"]?.stringValue == name })
    }

    private func column(_ frame: JSONValue, _ side: String, _ name: String) throws -> ChunkedColumn {
        let values = try #require(frame[side]?[name]?.arrayValue)
        let type = try #require(frame["dtypes"]).text(name)
        if type == "str" { return .categories(values.map(\.stringValue)) }
        return .numbers(values.map { $0.doubleValue ?? .nan }, areIntegers: type.hasPrefix("int"))
    }

    private func check(
        _ chunks: [ChunkValue],
        _ bounds: ChunkBounds,
        _ expected: JSONValue,
        _ prefix: String,
        _ comment: String
    ) throws {
        let values = try expected.numbers("\(prefix)value")
        #expect(chunks.count == values.count)
        for (index, pair) in zip(chunks, values).enumerated() {
            let value = try #require(pair.0.value)
            #expect(agree(value, pair.1, relative: 1e-9, absolute: 1e-12), "\(comment) \(index): \(value), \(pair.1)")
            #expect(pair.0.alert == expected["\(prefix)alert"]?.arrayValue?[index].boolValue, "\(comment) \(index)")
        }
        for (bound, name) in [(bounds.lower, "lower"), (bounds.upper, "upper")] {
            let peer = expected["\(prefix)\(name)_threshold"]?.arrayValue?.first?.doubleValue
            #expect((bound == nil) == (peer == nil), "\(comment) \(name)")
            if let bound, let peer {
                #expect(agree(bound, peer, relative: 1e-9, absolute: 1e-12), "\(comment) \(name): \(bound), \(peer)")
            }
        }
    }

    @Test(arguments: ["customers_small", "customers_big"]) func univariate(name: String) throws {
        let frame = try frame("\(name)/univariate")
        let size = Int(try frame.number("chunk_size"))
        var compared = 0
        for column in try #require(frame["expected"]?.objectValue).keys where column != "_period" {
            let expected = try #require(frame["expected"]?[column])
            let reference = try self.column(frame, "frame_reference", column)
            let current = try self.column(frame, "frame_current", column)
            for method in ChunkMethod.allCases where expected["\(method.rawValue)/value"] != nil {
                let detector = try ChunkedUnivariate(reference: reference, method: method, chunkSize: size)
                let found = detector.reference + (try current.chunks(of: size).map(detector.compare))
                try check(found, detector.bounds, expected, "\(method.rawValue)/", "\(column) \(method.rawValue)")
                compared += 1
            }
        }
        #expect(compared == 24)
    }

    @Test(arguments: ["customers_small", "customers_big"], ChunkedQuality.Measure.allCases)
    func quality(name: String, measure: ChunkedQuality.Measure) throws {
        let frame = try frame("\(name)/univariate")
        let entry = try self.frame("\(name)/\(measure == .outOfRange ? "range" : measure.rawValue)")
        let size = Int(try entry.number("chunk_size"))
        for column in try #require(entry["expected"]?.objectValue).keys where column != "_period" {
            let expected = try #require(entry["expected"]?[column])
            let reference = try self.column(frame, "frame_reference", column)
            let chunks = try self.column(frame, "frame_current", column).chunks(of: size)
            let detector = try ChunkedQuality(reference: reference, measure: measure, chunkSize: size)
            let found = detector.reference + chunks.map(detector.compare)
            try check(found, detector.bounds, expected, "", "\(column) \(measure)")
            guard measure == .missing else { continue }
            let rows = reference.chunks(of: size).map(\.rows) + chunks.map(\.rows)
            for (count, error) in zip(rows, try expected.numbers("sampling_error")) {
                #expect(agree(detector.samplingError(rows: count), error, relative: 1e-9, absolute: 1e-12))
            }
        }
    }
}
