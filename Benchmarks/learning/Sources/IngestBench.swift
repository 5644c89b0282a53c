import Core
import Datasets
import Foundation
import Storage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How fast a file goes into the raw and the clean table, and in how much memory; beside it what the database alone takes.
enum IngestBench {
    /// `ingest ROWS`: one line of JSON.
    static func run(_ arguments: [String]) async throws {
        let rows = arguments.first.flatMap { Int($0) } ?? 1_000_000
        let directory = FileManager.default.temporaryDirectory.path + "/martlet-ingest-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let bytes = try write(rows, to: directory + "/rows.csv")
        let database = try Database.open(path: directory + "/martlet.db")
        try await database.migrate(DatasetStore.migrations)
        let store = DatasetStore(database: database, clock: .system)
        let spec = try DatasetSpec.parse(name: "rows", ["source": ["file": "rows.csv"]])
        try await store.apply([spec], directory: directory)
        let memory = Peak()
        let start = Clock.monotonicNanoseconds
        let report = try await store.ingest("rows") { _ in memory.look() }
        let seconds = Double(Clock.monotonicNanoseconds - start) / 1e9
        let again = Clock.monotonicNanoseconds
        _ = try await store.ingest("rows")
        let unchanged = Double(Clock.monotonicNanoseconds - again) / 1e9
        let bare = try await bare(rows, directory)
        try await database.close()
        let figures: JSONValue = [
            "rows": .integer(report.rows), "bytes": .int(bytes), "seconds": .number(seconds),
            "rows_per_second": .number(Double(rows) / seconds), "unchanged_seconds": .number(unchanged),
            "bare_insert_seconds": .number(bare), "memory_at_first_block": .int(memory.first),
            "memory_at_last_block": .int(memory.last), "memory_at_most": .int(memory.most),
        ]
        print(figures.description)
        flushOutput()
    }

    /// Ten columns: numbers, whole numbers and text.
    private static func write(_ rows: Int, to path: String) throws -> Int {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw MartletError(.unavailable, "The temporary directory cannot be written.") }
        defer { try? file.close() }
        var random = SeededGenerator(seed: 1)
        var text = "id,a,b,c,d,e,f,g,city,label\n"
        var count = 0
        for row in 0..<rows {
            text += "\(row)"
            for _ in 0..<7 { text += ",\(Double(Int(random.uniform() * 1e6)) / 1000)" }
            text += ",city\(row % 97),\(row % 2)\n"
            guard text.utf8.count > 1 << 20 || row == rows - 1 else { continue }
            try file.write(contentsOf: Data(text.utf8))
            count += text.utf8.count
            text = ""
        }
        return count
    }

    /// The same cells into two tables with nothing around: the pace of the database.
    private static func bare(_ rows: Int, _ directory: String) async throws -> Double {
        let database = try Database.open(path: directory + "/bare.db")
        let names = (0..<10).map { "c\($0)" }
        try await database.write { connection in
            try connection.execute(
                "CREATE TABLE raw (row_id BIGINT PRIMARY KEY, \(names.map { "\($0) TEXT" }.joined(separator: ", ")))"
            )
            try connection.execute(
                "CREATE TABLE clean (row_id BIGINT PRIMARY KEY, h TEXT, \(names.map { "\($0) DOUBLE PRECISION" }.joined(separator: ", ")))"
            )
        }
        let hash = String(repeating: "0123456789abcdef", count: 4)
        let start = Clock.monotonicNanoseconds
        let block = Int(DatasetsLimits.defaultBlockRows)
        for table in ["raw", "clean"] {
            for first in stride(from: 0, to: rows, by: block) {
                try await database.write { connection in
                    let end = min(rows, first + block)
                    for from in stride(from: first, to: end, by: 500) {
                        let count = min(500, end - from)
                        let width = table == "raw" ? 11 : 12
                        let marks = "(" + Array(repeating: "?", count: width).joined(separator: ",") + ")"
                        var values: [SQLValue] = []
                        values.reserveCapacity(count * width)
                        for row in from..<from + count {
                            values.append(.int(row))
                            if table == "clean" { values.append(.text(hash)) }
                            for column in 0..<10 {
                                values.append(table == "raw" ? .text("123.456") : .real(Double(row &+ column)))
                            }
                        }
                        let all = Array(repeating: marks, count: count).joined(separator: ",")
                        try connection.execute("INSERT INTO \(table) VALUES \(all)", values)
                    }
                }
            }
        }
        let seconds = Double(Clock.monotonicNanoseconds - start) / 1e9
        try await database.close()
        return seconds
    }
}

/// The memory of this process at the blocks of an ingestion, in bytes.
private final class Peak: Sendable {
    private let seen = Lock()

    var first: Int { seen.value.first ?? 0 }
    var last: Int { seen.value.last ?? 0 }
    var most: Int { seen.value.max() ?? 0 }

    func look() {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        seen.add(pages * Int(getpagesize()))
    }
}

/// Figures that are added from any thread.
private final class Lock: @unchecked Sendable {
    // Safe because the list is only touched under the lock.
    private let lock = NSLock()
    private var list: [Int] = []

    var value: [Int] { lock.withLock { list } }

    func add(_ figure: Int) { lock.withLock { list.append(figure) } }
}
