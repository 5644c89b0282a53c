import Core
import Synchronization

/// The part of a monitor that the request path touches: the window it appends to and the signal it reads.
final class MonitorCell: Sendable {
    let spec: MonitorSpec
    let window: Mutex<FeatureWindow>
    let signal: Mutex<DriftSignal>

    init(spec: MonitorSpec) {
        self.spec = spec
        window = Mutex(FeatureWindow(capacity: spec.window))
        signal = Mutex(DriftSignal(monitor: spec.name, deployment: spec.deployment))
    }
}

/// The cells by deployment: two short locks per prediction, no waiting for an evaluation.
final class MonitorBoard: Sendable {
    private let cells = Mutex<[String: [MonitorCell]]>([:])

    /// Replaces all cells.
    func replace(_ cells: [MonitorCell]) {
        let byDeployment = Dictionary(grouping: cells, by: \.spec.deployment)
        self.cells.withLock { $0 = byDeployment }
    }

    /// Appends a row to every window of a deployment.
    func observe(deployment: String, features: [Float]) {
        guard let watching = cells.withLock({ $0[deployment] }) else { return }
        for cell in watching { cell.window.withLock { $0.append(features) } }
    }

    /// The most severe signal of a deployment's monitors; nil when none watches it.
    func signal(deployment: String) -> DriftSignal? {
        guard let watching = cells.withLock({ $0[deployment] }) else { return nil }
        // One monitor is the usual case, and every answer asks.
        guard watching.count > 1 else { return watching.first?.signal.withLock { $0 } }
        return watching.map { $0.signal.withLock { $0 } }.max { $0.severity < $1.severity }
    }
}
