import Core
import Foundation
import Tracking

/// A file of a metric's history: a line for every point, `time value step`, with what it was measured on behind.
enum MetricFile {
    /// One line.
    struct Point: Hashable {
        let time: Int64
        let value: UInt64
        let step: Int64
        var run = ""
        var dataset = ""
        var digest = ""
    }

    /// Gives the points of a file, a batch at a time, every point once.
    ///
    /// With `hasRun` the lines name a run, as those of logged models do.
    ///
    /// - Throws: `dataLoss` with the line that is malformed or cut off.
    static func read(
        _ path: String,
        shown: String,
        key: String,
        hasRun: Bool = false,
        _ take: (_ batch: [LoggedModelMetric]) async throws -> Void
    ) async throws {
        let file = try LocalFile(path: path, shown: shown)
        var (seen, rest, batch): (Set<Point>, [UInt8], [LoggedModelMetric]) = ([], [], [])
        var line = 0
        for try await chunk in file.chunks {
            rest += chunk
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                line += 1
                try add(rest[start..<end], hasRun, key, &seen, &batch, "\(shown), line \(line)")
                start = end + 1
            }
            rest.removeSubrange(..<start)
            guard rest.count <= ImportsLimits.lineBytes else { throw malformed("\(shown), line \(line + 1)") }
            if batch.count >= ImportsLimits.pointsPerWrite {
                try await take(batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        // Without a line break at its end the last line may be cut off; it counts if it is whole all the same.
        try add(rest[...], hasRun, key, &seen, &batch, "\(shown), line \(line + 1)")
        if !batch.isEmpty { try await take(batch) }
    }

    private static func add(
        _ line: ArraySlice<UInt8>,
        _ hasRun: Bool,
        _ key: String,
        _ seen: inout Set<Point>,
        _ batch: inout [LoggedModelMetric],
        _ place: String
    ) throws(MartletError) {
        guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { return }
        guard let (point, value) = point(line, hasRun) else { throw malformed(place) }
        guard seen.insert(point).inserted else { return }
        let metric = Metric(
            key: key,
            value: value,
            timestamp: Timestamp(milliseconds: point.time),
            step: point.step,
            datasetName: point.dataset.isEmpty ? nil : point.dataset,
            datasetDigest: point.digest.isEmpty ? nil : point.digest
        )
        batch.append(LoggedModelMetric(metric: metric, runID: point.run))
    }

    private static func malformed(_ place: String) -> MartletError {
        MartletError(.dataLoss, "'\(place)' is no point of a metric: the file is damaged or cut off.")
    }

    private static func point(_ line: ArraySlice<UInt8>, _ hasRun: Bool) -> (Point, Double)? {
        let parts = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        let fixed = hasRun ? 4 : 3
        // The oldest files have no steps; a dataset is a name, which may have blanks, and a digest.
        guard parts.count == fixed || parts.count >= fixed + 2 || parts.count == 2 && !hasRun,
            let time = Int64(parts[0]), let value = SourceFields.number(parts[1].trimmingCharacters(in: ["\r"])),
            let step = parts.count > 2 ? Int64(parts[2].trimmingCharacters(in: ["\r"])) : 0
        else { return nil }
        let isNaN = value.isNaN
        var point = Point(
            time: time,
            value: isNaN ? Double.nan.bitPattern : (value == 0 ? 0 : value).bitPattern,
            step: step
        )
        if hasRun {
            point.run = parts[3]
            if parts.count > fixed {
                point.dataset = parts[fixed..<(parts.count - 1)].joined(separator: " ")
                point.digest = parts[parts.count - 1]
            }
        }
        return (point, value)
    }
}
