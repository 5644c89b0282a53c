import Core
import Storage

/// Turns the filter and the ordering of a search for runs into SQL over `runs r`.
struct RunSearch {
    /// Which runs.
    let condition: SQLFragment
    /// The tables: `runs r` and a join for every metric, param or tag that is sorted by.
    let source: SQLFragment
    /// What is sorted by; missing values last, then newest first.
    let keys: [KeysetPage.Key]

    init(
        experiments: [Int64],
        view: Lifecycle.View,
        filter: [SearchComparison],
        order: [SearchOrder]
    ) throws(MartletError) {
        var conditions = [
            SQLFragment.isIn("r.experiment_id", experiments.map(SQLValue.integer)),
            SQLFragment.isIn("r.lifecycle_stage", view.words.map(SQLValue.text)),
        ]
        for comparison in filter { conditions.append(try Self.condition(comparison)) }
        condition = .all(conditions)
        var source = SQLFragment("runs r")
        var keys: [KeysetPage.Key] = []
        for (index, entry) in order.enumerated() {
            keys += try Self.keys(entry, alias: "o\(index)", &source)
        }
        self.source = source
        self.keys =
            keys + [
                KeysetPage.Key("r.start_time", isAscending: false), KeysetPage.Key("r.run_id", isAscending: true),
            ]
    }

    private enum Entity {
        case metric, param, tag, attribute, dataset

        init(_ field: SearchField) throws(MartletError) {
            switch field.entity {
            case "metric", "metrics": self = .metric
            case "parameter", "parameters", "param", "params": self = .param
            case "tag", "tags": self = .tag
            case "attribute", "attributes", "attr", "run", nil: self = .attribute
            case "dataset", "datasets": self = .dataset
            case let word?:
                throw MartletError(
                    .invalidArgument,
                    "Invalid entity type '\(word)'. Valid values are metrics, params, tags, attributes and datasets."
                )
            }
        }
    }

    private enum Attribute {
        case text(String)
        case number(String, isOptional: Bool)

        init(_ key: String) throws(MartletError) {
            switch key {
            case "run_id", "user_id", "status", "artifact_uri": self = .text("r.\(key)")
            case "run_name", "run name", "Run name", "Run Name": self = .text("r.run_name")
            case "start_time", "created", "Created": self = .number("r.start_time", isOptional: false)
            case "end_time": self = .number("r.end_time", isOptional: true)
            default:
                throw MartletError(
                    .invalidArgument,
                    "Invalid attribute key '\(key)' specified. Valid keys are run_id, run_name, status, user_id, "
                        + "artifact_uri, start_time and end_time."
                )
            }
        }
    }

    private static func condition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        switch try Entity(comparison.field) {
        case .metric: return try metricCondition(comparison)
        case .param:
            return try pairCondition(comparison, "run_params", "param", "parameter '\(key)'")
        case .tag:
            return try pairCondition(comparison, "run_tags", "tag", "tag '\(key)'")
        case .dataset: return try datasetCondition(comparison)
        case .attribute:
            let name = "attribute '\(key)'"
            switch try Attribute(key) {
            case .number(let column, _): return try comparison.condition(onNumber: column, named: name)
            case .text(let column):
                let isList = comparison.operation == .isIn || comparison.operation == .isNotIn
                let isNullTest = comparison.operation == .isNull || comparison.operation == .isNotNull
                if isList && key != "run_id" || isNullTest { throw comparison.invalidOperator(for: name) }
                return try comparison.condition(onText: column, named: name)
            }
        }
    }

    private static func metricCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        let value = try comparison.condition(onNumber: "f.metric_value", named: "metric '\(key)'")
        // A metric that is NaN differs from every number and compares with none.
        let matches =
            comparison.operation == .notEqual ? "(f.is_nan = 1 OR \(value.sql))" : "f.is_nan = 0 AND \(value.sql)"
        return SQLFragment(
            """
            EXISTS (SELECT 1 FROM latest_metrics f JOIN metric_keys k ON k.key_number = f.key_number
            WHERE f.run_number = r.run_number AND k.metric_key = ? AND \(matches))
            """,
            [.text(key)] + value.arguments
        )
    }

    /// A condition on a table of keys and texts.
    private static func pairCondition(
        _ comparison: SearchComparison,
        _ table: String,
        _ column: String,
        _ name: String
    ) throws(MartletError) -> SQLFragment {
        let rows = "SELECT 1 FROM \(table) f WHERE f.run_number = r.run_number AND f.\(column)_key = ?"
        let key = SQLValue.text(comparison.field.key)
        switch comparison.operation {
        case .isNull: return SQLFragment("NOT EXISTS (\(rows))", [key])
        case .isNotNull: return SQLFragment("EXISTS (\(rows))", [key])
        case .isIn, .isNotIn: throw comparison.invalidOperator(for: name)
        default:
            let value = try comparison.condition(onText: "f.\(column)_value", named: name)
            return SQLFragment("EXISTS (\(rows) AND \(value.sql))", [key] + value.arguments)
        }
    }

    private static func datasetCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        let name = "dataset attribute '\(key)'"
        guard comparison.operation != .isNull, comparison.operation != .isNotNull else {
            throw comparison.invalidOperator(for: name)
        }
        switch key {
        case "name", "digest":
            let value = try comparison.condition(onText: "d.\(key)", named: name)
            return SQLFragment(
                """
                EXISTS (SELECT 1 FROM run_datasets u JOIN input_datasets d ON d.dataset_number = u.dataset_number
                WHERE u.run_number = r.run_number AND \(value.sql))
                """,
                value.arguments
            )
        case "context":
            let value = try comparison.condition(onText: "f.tag_value", named: name)
            return SQLFragment(
                """
                EXISTS (SELECT 1 FROM run_dataset_tags f
                WHERE f.run_number = r.run_number AND f.tag_key = ? AND \(value.sql))
                """,
                [.text(TrackingStore.TagKey.context)] + value.arguments
            )
        default:
            throw MartletError(
                .invalidArgument,
                "Invalid dataset attribute '\(key)'. Valid values are name, digest and context."
            )
        }
    }

    private static func keys(
        _ entry: SearchOrder,
        alias: String,
        _ source: inout SQLFragment
    ) throws(MartletError) -> [KeysetPage.Key] {
        let isAscending = entry.isAscending
        let key = SQLValue.text(entry.field.key)
        switch try Entity(entry.field) {
        case .metric:
            source.sql += """
                 LEFT JOIN (SELECT f.run_number, f.metric_value, f.is_nan FROM latest_metrics f
                JOIN metric_keys k ON k.key_number = f.key_number WHERE k.metric_key = ?) \(alias)
                ON \(alias).run_number = r.run_number
                """
            source.arguments.append(key)
            return [
                KeysetPage.Key("COALESCE(\(alias).is_nan, 2)", isAscending: true),
                KeysetPage.Key(
                    "CASE WHEN \(alias).is_nan = 0 THEN \(alias).metric_value ELSE 0.0 END",
                    isAscending: isAscending
                ),
            ]
        case .param, .tag:
            let column = try Entity(entry.field) == .param ? "param" : "tag"
            source.sql += """
                 LEFT JOIN run_\(column)s \(alias) ON \(alias).run_number = r.run_number
                AND \(alias).\(column)_key = ?
                """
            source.arguments.append(key)
            return textKeys("\(alias).\(column)_value", isAscending)
        case .attribute:
            switch try Attribute(entry.field.key) {
            case .text(let column): return textKeys(column, isAscending)
            case .number(let column, isOptional: false): return [KeysetPage.Key(column, isAscending: isAscending)]
            case .number(let column, isOptional: true):
                return [
                    KeysetPage.Key("CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END", isAscending: true),
                    KeysetPage.Key("COALESCE(\(column), 0)", isAscending: isAscending),
                ]
            }
        case .dataset:
            throw MartletError(
                .invalidArgument,
                "Invalid order_by entity 'dataset': runs cannot be sorted by datasets."
            )
        }
    }

    /// The keys for a text that may be missing.
    static func textKeys(_ expression: String, _ isAscending: Bool) -> [KeysetPage.Key] {
        let length = SearchLimits.sortTextCharacters
        return [
            KeysetPage.Key("CASE WHEN \(expression) IS NULL THEN 1 ELSE 0 END", isAscending: true),
            KeysetPage.Key(
                "SUBSTR(COALESCE(\(expression), ''), 1, \(length))",
                isAscending: isAscending
            ),
        ]
    }
}
