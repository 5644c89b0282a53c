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
    /// Only metrics measured on a dataset of this name count; nil for any.
    package let datasetName: String?
    /// Only metrics measured on a dataset with this digest count; nil for any.
    package let datasetDigest: String?

    /// Makes an entry.
    package init(
        field: String,
        isAscending: Bool = true,
        datasetName: String? = nil,
        datasetDigest: String? = nil
    ) {
        self.field = field
        self.isAscending = isAscending
        self.datasetName = datasetName
        self.datasetDigest = datasetDigest
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
        /// A number that clients write as text or as a number: an id, or a status by its number or name.
        case code(String)

        init?(_ key: String) {
            switch key {
            case "name", "model_id", "model_type", "source_run_id": self = .text("l.\(key)")
            case "artifact_location", "artifact_uri": self = .text("l.artifact_uri")
            case "lifecycle_stage": self = .text("l.lifecycle_stage")
            case "experiment_id", "status": self = .code("l.\(key)")
            case "creation_timestamp", "creation_timestamp_ms", "creation_time": self = .number("l.creation_time")
            case "last_updated_timestamp", "last_updated_timestamp_ms": self = .number("l.last_update_time")
            default: return nil
            }
        }
    }

    private static func condition(
        _ comparison: SearchComparison,
        _ measured: SQLFragment
    ) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        try checkOperator(comparison)
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
            let value = try quoted(comparison).condition(onText: "f.\(column)_value", named: "\(column) '\(key)'")
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
                "Invalid entity type: '\(word)'. Expected one of ['attributes', 'metrics', 'params', 'tags']."
            )
        }
    }

    private static func attributeCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        switch Attribute(key) {
        case .text(let column):
            return try quoted(comparison).condition(onText: column, named: "attribute '\(key)'")
        case .number(let column): return try comparison.condition(onNumber: column, named: "attribute '\(key)'")
        case .code(let column): return try codeCondition(comparison, column)
        case nil:
            throw MartletError(
                .invalidArgument,
                "Invalid attribute '\(key)' of a logged model. Valid ones are name, model_id, model_type, "
                    + "source_run_id, status, experiment_id, artifact_location, creation_timestamp and "
                    + "last_updated_timestamp."
            )
        }
    }

    /// The comparison with a number as the text that it is: in this grammar quotes around values are optional.
    private static func quoted(_ comparison: SearchComparison) -> SearchComparison {
        guard case .number(let text) = comparison.value else { return comparison }
        return SearchComparison(field: comparison.field, operation: comparison.operation, value: .text(text))
    }

    /// A comparison with codes; a text that is none equals no code.
    private static func codeCondition(
        _ comparison: SearchComparison,
        _ column: String
    ) throws(MartletError) -> SQLFragment {
        let texts: [String]
        switch comparison.value {
        case .text(let text), .number(let text): texts = [text]
        case .texts(let list): texts = list
        case .none: texts = []
        }
        let list = SQLFragment.isIn(column, texts.compactMap { code($0).map(SQLValue.integer) })
        switch comparison.operation {
        case .equal, .isIn: return list
        case .notEqual, .isNotIn: return SQLFragment("NOT (\(list.sql))", list.arguments)
        default: throw comparison.invalidOperator(for: "attribute '\(comparison.field.key)'")
        }
    }

    private static func code(_ text: String) -> Int64? {
        switch text.uppercased() {
        case "PENDING", "LOGGED_MODEL_PENDING": LoggedModel.Status.pending.rawValue
        case "READY", "LOGGED_MODEL_READY": LoggedModel.Status.ready.rawValue
        case "UPLOAD_FAILED", "LOGGED_MODEL_UPLOAD_FAILED": LoggedModel.Status.uploadFailed.rawValue
        default: Int64(text)
        }
    }

    /// Numbers have an order, texts have patterns and lists; nothing else is in this grammar.
    private static func checkOperator(_ comparison: SearchComparison) throws(MartletError) {
        var isNumber = comparison.field.entity == "metrics"
        if comparison.field.entity ?? "attributes" == "attributes", case .number = Attribute(comparison.field.key) {
            isNumber = true
        }
        let operators: [SearchComparison.Operator] =
            isNumber
            ? [.less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual]
            : [.equal, .notEqual, .like, .ilike, .isIn, .isNotIn]
        guard !operators.contains(comparison.operation) else { return }
        let list = operators.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        throw MartletError(
            .invalidArgument,
            "Invalid comparison operator for \(comparison.field.entity ?? "attributes").\(comparison.field.key): "
                + "'\(comparison.operation.rawValue)'. Expected one of (\(list))."
        )
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
            switch Attribute(entry.field) {
            case .text(let column): return RunSearch.textKeys(column, entry.isAscending)
            case .number(let column), .code(let column):
                return [KeysetPage.Key(column, isAscending: entry.isAscending)]
            case nil:
                throw MartletError(
                    .invalidArgument,
                    "Invalid order by field name: \(entry.field.prefix(80))"
                        + (entry.field.contains(".") ? ". Only metrics are supported." : "")
                )
            }
        }
        var conditions: [SQLFragment] = []
        if let name = entry.datasetName { conditions.append(SQLFragment("m.dataset_name = ?", [.text(name)])) }
        if let digest = entry.datasetDigest { conditions.append(SQLFragment("m.dataset_digest = ?", [.text(digest)])) }
        let measured = SQLFragment.all(conditions)
        let latest = """
            (SELECT CASE WHEN m.is_nan = 1 THEN NULL ELSE m.metric_value END FROM logged_model_metrics m
            WHERE m.model_id = l.model_id AND m.metric_key = ? AND \(measured.sql)
            ORDER BY m.metric_time DESC, m.step DESC, m.run_id LIMIT 1)
            """
        let arguments = [SQLValue.text(String(entry.field.dropFirst("metrics.".count)))] + measured.arguments
        return [
            KeysetPage.Key("CASE WHEN \(latest) IS NULL THEN 1 ELSE 0 END", arguments, isAscending: true),
            KeysetPage.Key("COALESCE(\(latest), 0.0)", arguments, isAscending: entry.isAscending),
        ]
    }
}
