import Core
import Synchronization

/// The sketches of a deployment's versions: one short lock per prediction.
final class SketchBoard: Sendable {
    private struct State {
        var sketches: [Int: VersionSketch] = [:]
        var bins: [String: BinCounts] = [:]
    }

    private let state = Mutex(State())

    /// Takes rows into their version's sketch.
    func add(_ rows: ServedRows) {
        state.withLock { state in
            if state.sketches[rows.version] == nil { Self.begin(rows, &state) }
            state.sketches[rows.version]?.add(rows)
        }
    }

    private static func begin(_ rows: ServedRows, _ state: inout State) {
        guard let sketch = VersionSketch(first: rows, bins: state.bins) else { return }
        if state.sketches.count >= MonitoringLimits.sketchVersions,
            let oldest = state.sketches.values.min(by: { $0.newest < $1.newest })
        {
            state.sketches[oldest.version] = nil
        }
        state.sketches[rows.version] = sketch
    }

    /// The reference's bins, for sketches that begin from now on.
    func setBins(of reference: Table) {
        var bins: [String: BinCounts] = [:]
        for column in reference.columns {
            guard case .strings = column.values else {
                let finite = (column.numbers ?? []).filter(\.isFinite)
                guard let low = finite.min(), let high = finite.max() else { continue }
                bins[column.name] = BinCounts(low: Float(low), high: Float(high))
                continue
            }
        }
        state.withLock { state in
            let isFirst = state.bins.isEmpty
            state.bins = bins
            guard isFirst else { return }
            for version in state.sketches.keys { state.sketches[version]?.begin(bins) }
        }
    }

    /// All sketches by version.
    var all: [VersionSketch] { state.withLock { Array($0.sketches.values) }.sorted { $0.version < $1.version } }

    /// Takes back a sketch that was stored, unless the version has answered since.
    func restore(_ sketch: VersionSketch) {
        state.withLock { state in
            guard state.sketches[sketch.version] == nil else { return }
            state.sketches[sketch.version] = sketch
        }
    }

    /// Ends the sketches that began before a moment and hands them over.
    func close(before moment: Timestamp) -> [VersionSketch] {
        state.withLock { state in
            let old = state.sketches.values.filter { $0.since <= moment }
            for sketch in old { state.sketches[sketch.version] = nil }
            return old.sorted { $0.version < $1.version }
        }
    }
}
