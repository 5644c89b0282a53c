import Core

/// A window over a time, or over more rows than are kept: a uniform sample of what it spans, in constant memory.
///
/// The window is divided into `MonitoringLimits.windowPanes` panes. Each keeps a uniform sample of its rows (reservoir
/// sampling, Vitter 1985) and counts all of them; a pane leaves as a whole. A sample of the window takes from each pane in
/// proportion to its count, so every row of the window is as likely to be in it.
struct RowPanes: Sendable {
    /// What a window spans.
    enum Span: Sendable, Equatable {
        case rows(Int)
        case milliseconds(Int64)
    }

    struct Pane: Sendable {
        /// When its first row came.
        var start: Int64
        /// Rows that came.
        var seen = 0
        var elements: [Float] = []
    }

    let width: Int
    /// Rows that a pane keeps.
    let kept: Int
    let span: Span
    private(set) var panes: [Pane] = []
    private var generator = SeededGenerator(seed: 0)

    init(width: Int, kept: Int, span: Span) {
        self.width = width
        self.kept = kept
        self.span = span
    }

    /// Appends a row of this width.
    mutating func append(_ row: [Float], at milliseconds: Int64) {
        rotate(milliseconds)
        let last = panes.count - 1
        panes[last].seen += 1
        let seen = panes[last].seen
        guard seen > kept else {
            panes[last].elements.append(contentsOf: row)
            return
        }
        let place = generator.index(below: seen)
        guard place < kept else { return }
        let start = place * width
        for index in 0..<min(row.count, width) { panes[last].elements[start + index] = row[index] }
    }

    private mutating func rotate(_ now: Int64) {
        expire(now)
        let parts = MonitoringLimits.windowPanes
        let isOver: Bool =
            switch (span, panes.last) {
            case (_, nil): true
            case (.rows(let rows), let pane?): pane.seen >= max(1, rows / parts)
            case (.milliseconds(let time), let pane?): now - pane.start >= max(1, time / Int64(parts))
            }
        guard isOver else { return }
        panes.append(Pane(start: now))
        // The pane being filled replaces the oldest one.
        if panes.count > parts { panes.removeFirst() }
    }

    /// Lets go what is older than the window.
    mutating func expire(_ now: Int64) {
        guard case .milliseconds(let time) = span else { return }
        let piece = max(1, time / Int64(MonitoringLimits.windowPanes))
        panes.removeAll { $0.start + piece <= now - time }
    }

    mutating func removeAll() { panes = [] }

    /// Rows that the window spans.
    var seen: Int { panes.reduce(0) { $0 + $1.seen } }

    /// A uniform sample of at most `kept` rows, oldest pane first; the same panes give the same sample.
    var sample: [Float] {
        let total = seen
        guard total > kept else { return panes.flatMap(\.elements) }
        var generator = SeededGenerator(seed: UInt64(total))
        var result: [Float] = []
        result.reserveCapacity(kept * width)
        var left = kept
        var rest = total
        for pane in panes {
            // Of `left` places, in proportion to what is still to come: the rounding evens out and all places are filled.
            let share = Double(left) * Double(pane.seen) / Double(max(rest, 1))
            let held = pane.elements.count / width
            let wanted = min(held, Int(share.rounded()))
            for row in generator.permutation(held).prefix(wanted).sorted() {
                result.append(contentsOf: pane.elements[row * width..<(row + 1) * width])
            }
            left -= wanted
            rest -= pane.seen
        }
        return result
    }

    /// Takes back a pane as it was stored.
    mutating func restore(_ pane: Pane) { panes.append(pane) }

    /// Changes every cell.
    mutating func mapCells(_ change: (Float) -> Float) {
        for pane in panes.indices {
            for index in panes[pane].elements.indices {
                panes[pane].elements[index] = change(panes[pane].elements[index])
            }
        }
    }
}
