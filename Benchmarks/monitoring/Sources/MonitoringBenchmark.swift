import Core
import Drift
import Foundation

/// Measures one detector: `MonitoringBenchmark DETECTOR REFERENCE.csv CURRENT.csv ROUNDS`.
///
/// It prints one line of JSON: milliseconds to prepare the detector on the reference and to judge the current rows (the first time,
/// the median and the least of the rounds after it), the memory that both took beyond the tables, and what was found, which
/// the benchmark compares with the peers.
@main
enum MonitoringBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let kind = DetectorKind(rawValue: arguments[1]), let rounds = Int(arguments[4]),
            rounds > 0
        else {
            throw MartletError(.invalidArgument, "usage: MonitoringBenchmark DETECTOR REFERENCE CURRENT ROUNDS")
        }
        let reference = try CSV.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: arguments[2]))))
        let current = try CSV.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: arguments[3]))))
        // The high-water mark begins again here: what is in memory now is the data.
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        let before = memory("VmRSS")
        let (prepare, detector) = try timed { try DetectorSpec(kind).prepare(reference: reference) }
        let (first, report) = try timed { try detector.evaluate(current) }
        let peak = memory("VmHWM")
        var times: [Double] = []
        for _ in 0..<rounds { times.append(try timed { try detector.evaluate(current) }.0) }
        times.sort()
        let line: JSONObject = [
            "prepare_ms": .number(prepare), "first_ms": .number(first), "p50_ms": .number(times[rounds / 2]),
            "min_ms": .number(times[0]), "rounds": .int(rounds), "data_mib": .number(before),
            "beyond_data_mib": .number(peak - before), "statistic": .optional(report.statistic),
            "p_value": .optional(report.pValue), "statistics": .array(report.features.map { .optional($0.statistic) }),
            "p_values": .array(report.features.map { .optional($0.pValue) }),
        ]
        FileHandle.standardOutput.write(Data((JSONValue.object(line).description + "\n").utf8))
    }

    /// The milliseconds of a piece of work, and what it gave.
    private static func timed<T>(_ work: () throws -> T) rethrows -> (Double, T) {
        let start = Clock.monotonicNanoseconds
        let result = try work()
        return (Double(Clock.monotonicNanoseconds - start) / 1e6, result)
    }

    /// A figure of /proc/self/status in MiB; 0 where there is none.
    private static func memory(_ name: String) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return (line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) } ?? 0)
            / 1024
    }
}
