/// What happens to the demo's traffic: two instruments of the laboratory are recalibrated, so that some features are
/// scaled and offset from then on.
///
/// The patients stay the same, and so do the right answers.
package struct Recalibration: Sendable {
    /// One feature's change: `value × scale + offset`.
    private struct Change: Sendable {
        let scale: Double
        let offset: Double
    }

    private let changes: [Change?]

    /// The change of each feature in `names`: the microscope's magnification and the contour tracer's sensitivity.
    package init(features names: [String]) {
        changes = names.map { name in
            guard let quantity = name.split(separator: " ", maxSplits: 1).last else { return nil }
            switch quantity {
            case "radius", "perimeter": return Change(scale: 1.2, offset: 0)
            case "area": return Change(scale: 1.44, offset: 0)
            case "concavity", "concave points": return Change(scale: 1.4, offset: 0.02)
            default: return nil
            }
        }
    }

    /// How many features change.
    package var changedCount: Int {
        changes.count { $0 != nil }
    }

    /// The row as the recalibrated instruments report it.
    package func apply(to row: [Double]) -> [Double] {
        zip(row, changes).map { value, change in
            guard let change else { return value }
            return value * change.scale + change.offset
        }
    }
}
