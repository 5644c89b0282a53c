package import Core

/// What is true of rows: what predictions are held against.
package struct Truth: Sendable, Equatable {
    /// The class's index, the value, or how relevant the row is.
    package let labels: [Float]
    /// The class names by index; empty unless classes are learned.
    package let classes: [String]
    /// How many rows each group has, in order; empty unless rows are ranked.
    package let groups: [Int]

    /// Takes the truth by itself.
    package init(labels: [Float], classes: [String] = [], groups: [Int] = []) {
        self.labels = labels
        self.classes = classes
        self.groups = groups
    }

    /// The truth of training rows.
    package init(_ rows: TrainingTable) {
        self.init(labels: rows.labels, classes: rows.classes, groups: rows.groups)
    }

    /// Takes the truth out of a table.
    ///
    /// - Parameters:
    ///   - table: the rows; ranked rows must stand in the order of `columns.order(of:)`.
    ///   - columns: which column says what.
    ///   - groups: how many rows each group has.
    /// - Throws: `invalidArgument` naming a row whose target is missing, infinite or no class.
    package init(_ table: Table, _ columns: TrainingColumns, groups: [Int] = []) throws(MartletError) {
        let (labels, classes) = try columns.labels(of: table)
        if let row = labels.firstIndex(where: { !$0.isFinite }) {
            let what = labels[row].isNaN ? "missing" : "infinite or too large for 32 bits"
            throw MartletError(.invalidArgument, "Row \(row + 1): the target '\(columns.target)' is \(what).")
        }
        self.init(labels: labels, classes: classes, groups: groups)
    }

    /// The truth of the rows at `positions`, in that order; groups are not kept.
    package func selecting(_ positions: [Int]) -> Truth {
        Truth(labels: positions.map { labels[$0] }, classes: classes)
    }
}
