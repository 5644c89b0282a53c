package import Ledger

extension LedgerRoutes {
    /// Serves what `ledger` has written and will write.
    package init(ledger: PredictionLedger) {
        self.init(store: ledger.store, clock: ledger.clock, flush: { try await ledger.flush() })
    }
}
