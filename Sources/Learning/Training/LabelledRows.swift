package import Core

/// Rows of numbers with the class of each, ready to train and judge on.
package struct LabelledRows: Sendable, Equatable {
    /// The features' names in column order.
    package let featureNames: [String]
    /// The class names by index.
    package let classes: [String]
    /// Row-major: rows × features; NaN is missing.
    package let values: [Float]
    /// The class of each row.
    package var labels: [Int]

    /// How many rows there are.
    package var count: Int { labels.count }

    /// Takes the target column out of a table and all others as features.
    ///
    /// - Parameters:
    ///   - table: the rows; every column but the target must be numeric.
    ///   - target: the target column: class indexes, or class names.
    ///   - classes: the class names by index; empty to take them from the column, sorted.
    ///   - features: the columns to use in order; nil for all but the target.
    /// - Throws: `invalidArgument` naming the column that is missing, not numeric or holds an unknown class.
    package init(
        _ table: Table,
        target: String,
        classes: [String] = [],
        features: [String]? = nil
    ) throws(MartletError) {
        let column = try table.column(target)
        let names = features ?? table.columns.map(\.name).filter { $0 != target }
        guard !names.isEmpty, table.rowCount > 0 else {
            throw MartletError(.invalidArgument, "There are no rows, or no columns but the target '\(target)'.")
        }
        (labels, self.classes) = try Self.labels(of: column, classes: classes)
        featureNames = names
        values = try table.matrix(of: names)
    }

    /// The class of each row by index, and the class names.
    ///
    /// - Parameters:
    ///   - column: the target: class indexes, or class names.
    ///   - classes: the class names by index; empty to take them from the column, sorted.
    /// - Returns: the labels and the names.
    /// - Throws: `invalidArgument` naming a row of an unknown class.
    package static func labels(
        of column: Column,
        classes: [String]
    ) throws(MartletError) -> (labels: [Int], classes: [String]) {
        let known = classes.isEmpty ? classNames(column) : classes
        guard known.count >= 2, known.count <= LearningLimits.classes else {
            throw MartletError(
                .invalidArgument,
                "The target '\(column.name)' has \(known.count) classes; learning takes 2 to \(LearningLimits.classes)."
            )
        }
        return (try labels(column, known), known)
    }

    private init(featureNames: [String], classes: [String], values: [Float], labels: [Int]) {
        self.featureNames = featureNames
        self.classes = classes
        self.values = values
        self.labels = labels
    }

    private static func classNames(_ column: Column) -> [String] {
        switch column.values {
        case .strings(let values): Array(Set(values.compactMap { $0 })).sorted()
        case .integers(let values): (0...max(0, min(Int(values.compactMap { $0 }.max() ?? 0), 1000))).map(String.init)
        case .numbers(let values):
            (0...max(0, min(Int(exactly: values.filter { !$0.isNaN }.max() ?? 0) ?? 0, 1000))).map(String.init)
        }
    }

    /// Numbers are class indexes; text is a class name, or an index where no class has that name.
    private static func labels(_ column: Column, _ classes: [String]) throws(MartletError) -> [Int] {
        let indexes = Dictionary(classes.enumerated().map { ($1, $0) }) { first, _ in first }
        let labels: [Int?] =
            switch column.values {
            case .integers(let values): values.map { $0.flatMap { Int(exactly: $0) } }
            case .numbers(let values): values.map { Int(exactly: $0) }
            case .strings(let values): values.map { text in text.flatMap { indexes[$0] ?? Int($0) } }
            }
        var known: [Int] = []
        for (row, label) in labels.enumerated() {
            guard let label, classes.indices.contains(label) else {
                throw MartletError(
                    .invalidArgument,
                    "Row \(row + 1): the target '\(column.name)' is missing or none of \(classes.joined(separator: ", "))."
                )
            }
            known.append(label)
        }
        return known
    }

    /// The rows at `positions`, in that order; positions outside are skipped.
    package func selecting(_ positions: [Int]) -> LabelledRows {
        let kept = positions.filter { labels.indices.contains($0) }
        let width = featureNames.count
        var selected: [Float] = []
        selected.reserveCapacity(kept.count * width)
        for row in kept { selected.append(contentsOf: values[row * width..<(row + 1) * width]) }
        return LabelledRows(
            featureNames: featureNames,
            classes: classes,
            values: selected,
            labels: kept.map { labels[$0] }
        )
    }

    /// These rows and then those of `other`, which must have the same columns and classes.
    package func appending(_ other: LabelledRows) -> LabelledRows {
        LabelledRows(
            featureNames: featureNames,
            classes: classes,
            values: values + other.values,
            labels: labels + other.labels
        )
    }

    /// At most `limit` rows, drawn evenly and kept in order; the same seed draws the same rows.
    package func sample(_ limit: Int, seed: UInt64) -> LabelledRows {
        guard count > limit else { return self }
        var random = SeededGenerator(seed: seed)
        return selecting(random.permutation(count).prefix(limit).sorted())
    }

    /// The features as a table, without the labels.
    package func featureTable() throws(MartletError) -> Table {
        let width = featureNames.count
        return try Table(
            columns: featureNames.enumerated().map { index, name in
                // Through the shortest text, so that 0.1 stays 0.1 when a table is written out.
                let column = (0..<count).map { Double("\(values[$0 * width + index])") ?? .nan }
                return Column(name: name, values: .numbers(column))
            }
        )
    }
}
