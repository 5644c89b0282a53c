import Core
import Foundation
import Ledger
import Storage

/// Measures the ledger's table: rows written each second, and the time of questions over many rows.
///
/// `LoopBenchmark [--rows N] [--directory PATH]` prints one line of JSON. Rows have 30 inputs and random ids.
@main
struct LoopBenchmark {
    static func main() async throws {
        var rows = 1_000_000
        var directory = FileManager.default.temporaryDirectory.path
        var arguments = CommandLine.arguments.dropFirst()
        while let name = arguments.popFirst(), let value = arguments.popFirst() {
            if name == "--rows" { rows = max(10_000, Int(value) ?? rows) }
            if name == "--directory" { directory = value }
        }
        let path = "\(directory)/martlet-ledger-\(Identifier.random()).db"
        defer {
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }
        let database = try Database.open(path: path)
        try await database.migrate(LedgerStore.migrations)
        let bench = LedgerBench(store: LedgerStore(database: database), rows: rows)
        var figures = try await bench.write()
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        figures["bytes_per_row"] = .number(Double((attributes[.size] as? Int) ?? 0) / Double(rows))
        for (name, value) in try await bench.ask().pairs { figures[name] = value }
        figures["request_path_us"] = .number(((try await RequestPathBench().measure()) * 100).rounded() / 100)
        try await database.close()
        FileHandle.standardOutput.write(Data((JSONValue.object(figures).description + "\n").utf8))
    }
}
