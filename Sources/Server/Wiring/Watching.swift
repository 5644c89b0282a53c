import Core
import Ledger
import Loop
import Metrics
import Monitoring
import Serving

/// What watches predictions: the ledger that keeps them, the monitors of what is asked, the judgement of what is answered.
struct Watching {
    let ledger: PredictionLedger
    let monitors: MonitorService
    let performance: PerformanceService
    /// What the data plane tells of each prediction.
    var observer: MonitorObserver { MonitorObserver(monitors: monitors) }

    /// Joins the three; monitors hear of labels from the ledger.
    ///
    /// - Parameters:
    ///   - stores: where all is kept.
    ///   - ledgerStore: where predictions are kept.
    ///   - table: the deployments.
    ///   - metrics: where scores are reported.
    ///   - loops: who is told of verdicts, once there.
    ///   - eventCommitted: called when events of monitors may wait for webhooks.
    ///   - clock: the time.
    init(
        stores: Stores,
        ledgerStore: LedgerStore,
        table: DeploymentTable,
        metrics: any MetricsFactory,
        loops: Late<LoopService>,
        eventCommitted: @escaping @Sendable () -> Void,
        clock: Clock
    ) {
        let watching = Late<MonitorService>()
        let judging = Late<PerformanceService>()
        ledger = PredictionLedger(store: ledgerStore, deployments: table, clock: clock) { record in
            MonitorWiring.labelled(record, monitors: watching.value)
        }
        monitors = MonitorService(
            database: stores.database,
            clock: clock,
            metrics: metrics,
            recentRows: MonitorWiring.recentRows(ledger: ledger),
            currentReference: MonitorWiring.currentReference(table),
            datasetRows: MonitorWiring.datasetRows(stores.datasets),
            outbox: stores.outbox.monitors,
            committed: eventCommitted,
            performance: { await judging.value?.verdict(monitor: $0) },
            onVerdictChange: { try await MonitorWiring.deliver($0, to: loops.value) }
        )
        watching.set(monitors)
        performance = PerformanceService(
            database: stores.database,
            clock: clock,
            metrics: metrics,
            source: PerformanceWiring.source(
                ledger: ledger,
                store: ledgerStore,
                deployments: table,
                monitors: monitors
            )
        )
        judging.set(performance)
    }
}
