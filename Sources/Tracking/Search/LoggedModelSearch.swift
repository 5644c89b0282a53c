import Core
import Storage

/// A dataset that a logged model was judged on.
package struct MeasuredDataset: Sendable {
    /// Its name.
    package let name: String
    /// Its digest; nil for any.
    package let digest: String?

    /// Makes the name of a dataset.
    package init(name: String, digest: String? = nil) {
        self.name = name
        self.digest = digest
    }
}

/// One entry of the ordering of a search for logged models.
package struct LoggedModelOrder: Sendable {
    /// An attribute, or `metrics.` and a key.
    package let field: String
    /// Whether small values come first.
    package let isAscending: Bool
    /// Only metrics measured on this dataset count; nil for any.
    package let dataset: MeasuredDataset?

    /// Makes an entry.
    package init(field: String, isAscending: Bool = true, dataset: MeasuredDataset? = nil) {
        self.field = field
        self.isAscending = isAscending
        self.dataset = dataset
    }
}

/// Turns the filter and the ordering of a search for logged models into SQL over `logged_models l`.
struct LoggedModelSearch {
    /// Which logged models.
    let condition: SQLFragment
    /// What is sorted by; missing values last, then newest first.
    let keys: [KeysetPage.Key]

    init(
        experiments: [Int64],
        filter: [SearchComparison],
        datasets: [MeasuredDataset],
        order: [LoggedModelOrder]
    ) throws(MartletError) {
        guard order.count <= SearchLimits.orderEntries, datasets.count <= SearchLimits.comparisons,
            experiments.count <= TrackingLimits.searchExperiments
        else {
            throw MartletError(.invalidArgument, "'order_by', 'datasets' or 'experiment_ids' has too many entries.")
        }
        let measured = Self.measured(datasets)
        var conditions = [
            SQLFragment.isIn("l.experiment_id", experiments.map(SQLValue.integer)),
            SQLFragment("l.lifecycle_stage = ?", [.text(Lifecycle.active.rawValue)]),
        ]
        for comparison in filter { conditions.append(try Self.condition(comparison, measured)) }
        if !datasets.isEmpty, !filter.contains(where: { $0.field.entity == "metrics" }) {
            conditions.append(
                SQLFragment(
                    "EXISTS (SELECT 1 FROM logged_model_metrics m WHERE m.model_id = l.model_id AND \(measured.sql))",
                    measured.arguments
                )
            )
        }
        condition = .all(conditions)
        var keys: [KeysetPage.Key] = []
        for entry in order { keys += try Self.keys(entry) }
        self.keys =
            keys + [
                KeysetPage.Key("l.creation_time", isAscending: false), KeysetPage.Key("l.model_id", isAscending: true),
            ]
    }

    private enum Attribute {
        case text(String)
        case number(String)

        init(_ key: String) throws(MartletError) {
            switch key {
            case "name", "model_id", "model_type", "source_run_id": self = .text("l.\(key)")
            case "artifact_location", "artifact_uri": self = .text("l.artifact_uri")
            case "lifecycle_stage": self = .text("l.lifecycle_stage")
            case "experiment_id", "status": self = .number("l.\(key)")
            case "creation_timestamp", "creation_timestamp_ms", "creation_time": self = .number("l.creation_time")
            case "last_updated_timestamp", "last_updated_timestamp_ms": self = .number("l.last_update_time")
            default:
                throw MartletError(
                    .invalidArgument,
                    "Invalid attribute '\(key)' of a logged model. Valid ones are name, model_id, model_type, "
                        + "source_run_id, status, experiment_id, artifact_location, creation_timestamp and "
                        + "last_updated_timestamp."
                )
            }
        }
    }

    private static func condition(
        _ comparison: SearchComparison,
        _ measured: SQLFragment
    ) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        switch comparison.field.entity {
        case "metrics":
            let value = try comparison.condition(onNumber: "m.metric_value", named: "metric '\(key)'")
            return SQLFragment(
                """
                EXISTS (SELECT 1 FROM logged_model_metrics m WHERE m.model_id = l.model_id AND m.metric_key = ?
                AND m.is_nan = 0 AND \(measured.sql) AND \(value.sql))
                """,
                [.text(key)] + measured.arguments + value.arguments
            )
        case "params", "tags":
            let column = comparison.field.entity == "params" ? "param" : "tag"
            let value = try comparison.condition(onText: "f.\(column)_value", named: "\(column) '\(key)'")
            return SQLFragment(
                """
                EXISTS (SELECT 1 FROM logged_model_\(column)s f WHERE f.model_id = l.model_id
                AND f.\(column)_key = ? AND \(value.sql))
                """,
                [.text(key)] + value.arguments
            )
        case "attributes", nil: return try attributeCondition(comparison)
        case let word?:
            throw MartletError(
                .invalidArgument,
                "Invalid entity type '\(word)'. Valid values are attributes, metrics, params and tags."
            )
        }
    }

    private static func attributeCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        switch try Attribute(key) {
        case .text(let column): return try comparison.condition(onText: column, named: "attribute '\(key)'")
        case .number(let column):
            // Ids of experiments are text to clients, numbers in the table.
            var comparison = comparison
            if key == "experiment_id", case .text(let text) = comparison.value {
                comparison = SearchComparison(
                    field: comparison.field,
                    operation: comparison.operation,
                    value: .number(text)
                )
            }
            return try comparison.condition(onNumber: column, named: "attribute '\(key)'")
        }
    }

    /// The condition that a metric was measured on one of the datasets; always true for none.
    private static func measured(_ datasets: [MeasuredDataset]) -> SQLFragment {
        guard !datasets.isEmpty else { return SQLFragment("1 = 1") }
        let conditions = datasets.map { dataset in
            dataset.digest == nil ? "m.dataset_name = ?" : "(m.dataset_name = ? AND m.dataset_digest = ?)"
        }
        let arguments = datasets.flatMap { dataset in [dataset.name] + (dataset.digest.map { [$0] } ?? []) }
        return SQLFragment("(\(conditions.joined(separator: " OR ")))", arguments.map(SQLValue.text))
    }

    private static func keys(_ entry: LoggedModelOrder) throws(MartletError) -> [KeysetPage.Key] {
        guard entry.field.hasPrefix("metrics.") else {
            switch try Attribute(entry.field) {
            case .text(let column): return RunSearch.textKeys(column, entry.isAscending)
            case .number(let column): return [KeysetPage.Key(column, isAscending: entry.isAscending)]
            }
        }
        let measured = measured(entry.dataset.map { [$0] } ?? [])
        let latest = """
            (SELECT CASE WHEN m.is_nan = 1 THEN NULL ELSE m.metric_value END FROM logged_model_metrics m
            WHERE m.model_id = l.model_id AND m.metric_key = ? AND \(measured.sql)
            ORDER BY m.metric_time DESC, m.step DESC LIMIT 1)
            """
        let arguments = [SQLValue.text(String(entry.field.dropFirst("metrics.".count)))] + measured.arguments
        return [
            KeysetPage.Key("CASE WHEN \(latest) IS NULL THEN 1 ELSE 0 END", arguments, isAscending: true),
            KeysetPage.Key("COALESCE(\(latest), 0.0)", arguments, isAscending: entry.isAscending),
        ]
    }
}
