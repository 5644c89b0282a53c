package import Core

/// Which columns of a table say what is to be learned; all others are features.
package struct TrainingColumns: Sendable, Equatable {
    /// What the model learns.
    package var task: LearningTask
    /// The column to predict.
    package var target: String
    /// The class names by index; empty to take them from the training rows, and for regression and ranking.
    package var classes: [String]
    /// The column that says what each row counts for.
    package var weight: String?
    /// The column whose equal values make a group of ranked rows.
    package var group: String?
    /// Columns that are no features.
    package var ignored: [String]

    /// Names the columns.
    package init(
        task: LearningTask,
        target: String,
        classes: [String] = [],
        weight: String? = nil,
        group: String? = nil,
        ignored: [String] = []
    ) {
        self.task = task
        self.target = target
        self.classes = classes
        self.weight = weight
        self.group = group
        self.ignored = ignored
    }

    /// The columns that are no features.
    package var reserved: Set<String> {
        Set([target] + ignored + [weight, group].compactMap { $0 })
    }

    /// The columns of a table that are features, in its order.
    ///
    /// - Throws: `invalidArgument` when a named column is not there, or none is left.
    package func features(of table: Table) throws(MartletError) -> [String] {
        for name in reserved.sorted() { _ = try table.column(name) }
        let names = table.columns.map(\.name).filter { !reserved.contains($0) }
        guard !names.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "There are no columns but the target '\(target)'; nothing can be learned from."
            )
        }
        return names
    }

    /// The order in which rows are learned from: that of the table, or, of ranked rows, group by group.
    func order(of table: Table) throws(MartletError) -> (rows: [Int], groups: [Int])? {
        guard task == .ranking else { return nil }
        guard let group else {
            throw MartletError(.invalidArgument, "Ranking needs the group of each row; name the column in 'group'.")
        }
        var (places, members): ([String: Int], [[Int]]) = ([:], [])
        for (row, name) in try Self.texts(table.column(group)).enumerated() {
            guard let name else {
                throw MartletError(.invalidArgument, "Row \(row + 1): the group '\(group)' is missing.")
            }
            if let place = places[name] {
                members[place].append(row)
            } else {
                places[name] = members.count
                members.append([row])
            }
        }
        return (members.flatMap { $0 }, members.map(\.count))
    }

    /// The values as text, whatever they are; nil where missing.
    static func texts(_ column: Column) -> [String?] {
        switch column.values {
        case .strings(let values): values
        case .integers(let values): values.map { $0.map(String.init) }
        case .numbers(let values): values.map { $0.isNaN ? nil : Int64(exactly: $0).map(String.init) ?? "\($0)" }
        }
    }

    /// The labels of the rows, and the class names.
    func labels(of table: Table) throws(MartletError) -> (labels: [Float], classes: [String]) {
        let column = try table.column(target)
        guard task.isClassification else {
            guard let numbers = column.numbers else {
                throw MartletError(
                    .invalidArgument,
                    "The target '\(target)' is text; the task '\(task.rawValue)' learns numbers."
                )
            }
            return (numbers.map { Float($0) }, [])
        }
        let values = Self.texts(column)
        let known = classes.isEmpty ? Self.classes(values) : classes
        let indexes = Dictionary(known.enumerated().map { ($1, Float($0)) }) { first, _ in first }
        // Numbers are indexes of classes that have names.
        var labels: [Float] = []
        labels.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            let index = value.flatMap { indexes[$0] ?? Self.index($0, in: known) }
            guard let index else {
                let what =
                    value.map { "'\($0.prefix(80))', which is none of \(known.prefix(10).joined(separator: ", "))" }
                    ?? "missing"
                throw MartletError(.invalidArgument, "Row \(row + 1): the target '\(target)' is \(what).")
            }
            labels.append(index)
        }
        return (labels, known)
    }

    private static func index(_ value: String, in classes: [String]) -> Float? {
        guard let index = Int(value), classes.indices.contains(index) else { return nil }
        return Float(index)
    }

    /// The values that occur, numbers by size, text by its letters.
    private static func classes(_ values: [String?]) -> [String] {
        let names = Set(values.compactMap { $0 })
        let numbers = names.compactMap { Double($0) }
        return numbers.count == names.count
            ? names.sorted { (Double($0) ?? 0) < (Double($1) ?? 0) } : names.sorted()
    }
}
