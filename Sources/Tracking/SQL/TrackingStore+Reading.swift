import Core
import Storage

/// How rows become runs.
extension TrackingStore {
    /// Reads runs from their rows and adds what was logged to them: one query for each kind of thing.
    static func runs(_ connection: Connection, _ rows: [Row], _ keys: MetricKeys) throws -> [Run] {
        let page = RunPage(connection, try rows.map { try $0.int("run_number") })
        let metrics = try latestMetrics(page, keys)
        let params = try page.grouped(
            "run_params",
            "param_key, param_value",
            { Param(key: try $0.text(1), value: try $0.text(2)) }
        )
        let tags = try page.grouped(
            "run_tags",
            "tag_key, tag_value",
            { Tag(key: try $0.text(1), value: try $0.text(2)) }
        )
        let datasets = try datasetInputs(page)
        let inputs = try page.grouped("run_model_inputs", "model_id", { try $0.text(1) })
        let outputs = try page.grouped("run_model_outputs", "position, model_id, step") { row in
            (position: try row.int(1), output: ModelOutput(modelID: try row.text(2), step: try row.int(3)))
        }
        return try rows.enumerated().map { place, row in
            Run(
                info: try info(row),
                metrics: sorted(metrics[place], by: \.key),
                params: sorted(params[place], by: \.key),
                tags: sorted(tags[place], by: \.key),
                datasets: datasets[place],
                modelInputs: sorted(inputs[place], by: \.self),
                modelOutputs: outputs[place].sorted { $0.position < $1.position }.map(\.output)
            )
        }
    }

    /// The runs of a page by their numbers, and reading what belongs to all of them at once.
    private struct RunPage {
        let connection: Connection
        let numbers: [SQLValue]
        private let places: [Int64: Int]

        init(_ connection: Connection, _ numbers: [Int64]) {
            self.connection = connection
            self.numbers = numbers.map(SQLValue.integer)
            places = Dictionary(zip(numbers, numbers.indices)) { first, _ in first }
        }

        /// Reads the rows of a table, whose first column is the run's number, for each run by its place on the page.
        func grouped<Element>(
            _ table: String,
            _ columns: String,
            _ element: (RowCursor) throws -> Element
        ) throws -> [[Element]] {
            var groups = Array(repeating: [Element](), count: numbers.count)
            let name = table.split(separator: " ")[0]
            for condition in SQLFragment.isInChunks("\(name).run_number", numbers) {
                try connection.forEach(
                    "SELECT \(name).run_number, \(columns) FROM \(table) WHERE \(condition.sql)",
                    condition.arguments
                ) { row in
                    if let place = places[try row.int(0)] { groups[place].append(try element(row)) }
                }
            }
            return groups
        }
    }

    /// In the order of the keys' bytes, as the database sorts them.
    private static func sorted<Element>(_ elements: [Element], by key: (Element) -> String) -> [Element] {
        func precedes(_ left: Element, _ right: Element) -> Bool {
            key(left).utf8.lexicographicallyPrecedes(key(right).utf8)
        }
        // Most come from the database in this order.
        let isSorted = zip(elements, elements.dropFirst()).allSatisfy { precedes($0, $1) }
        return isSorted ? elements : elements.sorted(by: precedes)
    }

    static func info(_ row: Row) throws(MartletError) -> RunInfo {
        guard let status = RunStatus(rawValue: try row.text("status")) else {
            throw MartletError(.dataLoss, "A run has an unknown status.")
        }
        return RunInfo(
            id: try row.text("run_id"),
            experimentID: String(try row.int("experiment_id")),
            name: try row.text("run_name"),
            userID: try row.text("user_id"),
            status: status,
            startTime: try row.timestamp("start_time"),
            endTime: row.optionalTimestamp("end_time"),
            artifactURI: try row.text("artifact_uri"),
            lifecycle: try lifecycle(row)
        )
    }

    private static func latestMetrics(_ page: RunPage, _ keys: MetricKeys) throws -> [[Metric]] {
        let columns = "key_number, metric_value, is_nan, metric_time, step"
        let points = try page.grouped("latest_metrics", columns) { row in
            (
                key: try row.int(1), value: try row.int(3) != 0 ? .nan : try row.double(2),
                timestamp: Timestamp(milliseconds: try row.int(4)), step: try row.int(5)
            )
        }
        let numbers = Set(points.joined().map(\.key))
        let names = try keyNames(page.connection, Array(numbers), keys)
        return try points.map { points in
            try points.map { point in
                guard let name = names[point.key] else {
                    throw MartletError(.dataLoss, "A metric has a key that is not there.")
                }
                return Metric(key: name, value: point.value, timestamp: point.timestamp, step: point.step)
            }
        }
    }

    private static func datasetInputs(_ page: RunPage) throws -> [[DatasetInput]] {
        let uses = try page.grouped(
            "run_datasets JOIN input_datasets d ON d.dataset_number = run_datasets.dataset_number",
            "d.dataset_number, position, name, digest, source_type, source, dataset_schema, profile"
        ) { row in
            (
                number: try row.int(1), position: try row.int(2), name: try row.text(3), digest: try row.text(4),
                sourceType: try row.text(5), source: try row.text(6), schema: row.optionalText(7),
                profile: row.optionalText(8)
            )
        }
        guard uses.contains(where: { !$0.isEmpty }) else { return uses.map { _ in [] } }
        let tags = try page.grouped("run_dataset_tags", "dataset_number, tag_key, tag_value") { row in
            (number: try row.int(1), tag: Tag(key: try row.text(2), value: try row.text(3)))
        }
        return zip(uses, tags).map { uses, tags in
            uses.sorted { $0.position < $1.position }.map { use in
                DatasetInput(
                    name: use.name,
                    digest: use.digest,
                    sourceType: use.sourceType,
                    source: use.source,
                    schema: use.schema,
                    profile: use.profile,
                    tags: sorted(tags.filter { $0.number == use.number }.map(\.tag), by: \.key)
                )
            }
        }
    }
}
