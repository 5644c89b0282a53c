import Ledger

/// Measures the ledger: rows written and read each second.
@main
struct LoopBenchmark {
    static func main() async throws {
        print("rows of one page: \(LedgerLimits.exportRows)")
    }
}
