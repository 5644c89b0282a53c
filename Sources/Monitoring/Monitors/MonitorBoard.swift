import Core
import Synchronization

/// The part of a monitor that the request path touches: the window it appends to and the signal it reads.
final class MonitorCell: Sendable {
    let spec: MonitorSpec
    let window: Mutex<FeatureWindow>
    let signal: Mutex<DriftSignal>

    init(spec: MonitorSpec) {
        self.spec = spec
        window = Mutex(FeatureWindow(extent: spec.window, streams: spec.streams))
        signal = Mutex(DriftSignal(monitor: spec.name, deployment: spec.deployment, severity: spec.severity))
    }
}

/// What is watched of one deployment.
final class DeploymentWatch: Sendable {
    let cells: [MonitorCell]
    let sketches: SketchBoard

    init(cells: [MonitorCell], sketches: SketchBoard) {
        self.cells = cells
        self.sketches = sketches
    }
}

/// The cells by deployment: three short locks per prediction, no waiting for an evaluation.
final class MonitorBoard: Sendable {
    private let watches = Mutex<[String: DeploymentWatch]>([:])

    /// Replaces all cells; the sketches of deployments that stay watched stay.
    func replace(_ cells: [MonitorCell]) {
        let byDeployment = Dictionary(grouping: cells, by: \.spec.deployment)
        watches.withLock { watches in
            watches = Dictionary(
                uniqueKeysWithValues: byDeployment.map { name, cells in
                    (name, DeploymentWatch(cells: cells, sketches: watches[name]?.sketches ?? SketchBoard()))
                }
            )
        }
    }

    /// What is watched of a deployment; nil when nothing is.
    func watch(_ deployment: String) -> DeploymentWatch? { watches.withLock { $0[deployment] } }

    /// The deployments that are watched, by name.
    var deployments: [String] { watches.withLock { $0.keys.sorted() } }

    /// Takes rows into every window and sketch of their deployment.
    func observe(_ rows: ServedRows) {
        guard let watch = watch(rows.deployment) else { return }
        for cell in watch.cells { cell.window.withLock { $0.append(rows) } }
        watch.sketches.add(rows)
    }

    /// Takes how wrong a prediction was.
    func observeError(deployment: String, _ value: Float) {
        guard let watch = watch(deployment) else { return }
        for cell in watch.cells { cell.window.withLock { $0.appendError(value) } }
    }

    /// The most urgent signal of a deployment's monitors; nil when none watches it.
    func signal(deployment: String) -> DriftSignal? {
        guard let cells = watch(deployment)?.cells else { return nil }
        // One monitor is the usual case, and every answer asks.
        guard cells.count > 1 else { return cells.first?.signal.withLock { $0 } }
        return cells.map { $0.signal.withLock { $0 } }.max { $0.urgency < $1.urgency }
    }
}
