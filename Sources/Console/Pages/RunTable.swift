/// The table of an experiment's runs: one column for each parameter and metric, the best of each metric marked.
package struct RunTable: Sendable {
    /// The runs.
    package var rows: [RunRow]
    /// The parameters shown, in order.
    package var parameters: [String]
    /// The metrics shown, in order.
    package var metrics: [String]
    /// The column the rows are sorted by, as MLflow's `order_by` names it, such as `metrics.accuracy`.
    package var sortedBy: String?
    /// Whether the order falls.
    package var descending: Bool
    /// The address that a heading's click sorts by; given the column and whether the order shall fall.
    package var address: @Sendable (String, Bool) -> String

    /// Makes a table whose columns are those that the runs have, bounded by `ConsoleLimits.columnsPerKind`.
    package init(
        rows: [RunRow],
        sortedBy: String? = nil,
        descending: Bool = true,
        address: @escaping @Sendable (String, Bool) -> String
    ) {
        self.rows = rows
        self.sortedBy = sortedBy
        self.descending = descending
        self.address = address
        parameters = RunTable.columns(rows.map { Array($0.parameters.keys) })
        metrics = RunTable.columns(rows.map { Array($0.metrics.keys) })
    }

    /// The names that at least a quarter of the runs have, the most common ones, in alphabetical order.
    private static func columns(_ names: [[String]]) -> [String] {
        var counts: [String: Int] = [:]
        for name in names.joined() { counts[name, default: 0] += 1 }
        counts = counts.filter { $0.value * 4 >= names.count }
        let most = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(ConsoleLimits.columnsPerKind)
        return most.map(\.key).sorted()
    }

    /// The table with its headings.
    package func view() -> TableView {
        var columns: [TableView.Column] = [.init("Run"), .init("Status")]
        columns.append(heading("Started", "attributes.start_time"))
        columns.append(.init("Took", numeric: true))
        for (index, name) in metrics.enumerated() {
            var column = heading(name, "metrics.\(RunTable.quoted(name))")
            column.edge = index == 0
            columns.append(column)
        }
        for (index, name) in parameters.enumerated() {
            columns.append(.init(name, edge: index == 0))
        }
        var groups: [TableView.Group] = []
        if !metrics.isEmpty || !parameters.isEmpty { groups.append(.init("", span: 4)) }
        if !metrics.isEmpty { groups.append(.init("Metrics", span: metrics.count)) }
        if !parameters.isEmpty { groups.append(.init("Parameters", span: parameters.count)) }
        let best = metrics.map { name in bestValue(name) }
        return TableView(columns: columns, groups: groups, rows: rows.map { cells($0, best) })
    }

    /// A name in an `order_by` clause: within backticks when it is not a plain word.
    package static func quoted(_ name: String) -> String {
        let plain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return plain ? name : "`\(name)`"
    }

    private func heading(_ title: String, _ key: String) -> TableView.Column {
        let active = sortedBy == key
        let sorted = active ? (descending ? "descending" : "ascending") : nil
        return .init(title, numeric: true, href: address(key, active ? !descending : true), sorted: sorted)
    }

    /// The best finite value of a metric, when the runs differ: the least for losses and errors, else the greatest.
    private func bestValue(_ name: String) -> Double? {
        let values = rows.compactMap { $0.metrics[name] }.filter(\.isFinite)
        guard let least = values.min(), let greatest = values.max(), least < greatest else { return nil }
        let best = RunTable.isCost(name) ? least : greatest
        // A value that many share distinguishes none of them.
        return values.count(where: { $0 == best }) * 4 <= max(4, values.count) ? best : nil
    }

    /// A parameter's value with the digits of a long number rounded; the title keeps them all.
    private static func shortened(_ value: String) -> String {
        guard value.utf8.count > 8, value.contains("."), let number = Double(value) else { return value }
        return NumberText.value(number)
    }

    /// Whether less of a metric is better, by its name.
    package static func isCost(_ name: String) -> Bool {
        let lower = name.lowercased()
        return ["loss", "error", "rmse", "mae", "mse", "brier", "seconds", "duration"].contains { lower.contains($0) }
    }

    private func cells(_ row: RunRow, _ best: [Double?]) -> [Markup] {
        var cells: [Markup] = [
            .rowLink(row.name, row.href), .badge(row.tone, row.status), .time(row.started),
            row.took.isEmpty ? .missing : .text(row.took),
        ]
        for (name, best) in zip(metrics, best) {
            guard let value = row.metrics[name] else {
                cells.append(.missing)
                continue
            }
            let text = Markup.escaped(NumberText.value(value))
            cells.append(value == best ? Markup(trusted: "<span class=\"best\">\(text)</span>") : Markup(trusted: text))
        }
        for name in parameters {
            guard let value = row.parameters[name] else {
                cells.append(.missing)
                continue
            }
            let (text, short) = (Markup.escaped(value), Markup.escaped(RunTable.shortened(value)))
            cells.append(Markup(trusted: "<span class=\"clip narrow\" title=\"\(text)\">\(short)</span>"))
        }
        return cells
    }
}
