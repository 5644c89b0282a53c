package import Ledger

extension FeedbackRoutes {
    /// Joins labels to what `ledger` has written and will write.
    package init(ledger: PredictionLedger) {
        self.init(desk: ledger.desk)
    }
}
