package import Core
package import Storage

/// Turns the filter and the ordering of a search for runs into SQL over `runs r`.
package struct RunSearch: Sendable {
    /// Which runs, in parts that follow each other.
    package let parts: [KeysetPage.Part]
    /// What is sorted by; missing values last, then newest first.
    package let keys: [KeysetPage.Key]

    /// Checks a filter and an ordering against what runs have.
    ///
    /// - Throws: `invalidArgument` naming what runs do not have or cannot be compared with.
    package init(
        experiments: [Int64],
        view: Lifecycle.View,
        filter: [SearchComparison],
        order: [SearchOrder]
    ) throws(MartletError) {
        let scope = [
            SQLFragment.isIn("r.experiment_id", experiments.map(SQLValue.integer)),
            SQLFragment.isIn("r.lifecycle_stage", view.words.map(SQLValue.text)),
        ]
        var joins = SQLFragment("")
        var keys: [KeysetPage.Key] = []
        for (index, entry) in order.enumerated() {
            keys += try Self.keys(entry, alias: "o\(index)", isFirst: index == 0, &joins)
        }
        self.keys =
            keys + [
                KeysetPage.Key("r.start_time", isAscending: false), KeysetPage.Key("r.run_id", isAscending: true),
            ]
        if let first = order.first, try Entity(first.field) == .metric {
            parts = try Self.parts(orderedBy: first.field, scope, filter, joins)
        } else {
            var conditions = scope
            for comparison in filter { conditions.append(try Self.condition(comparison)) }
            parts = [
                KeysetPage.Part(
                    source: SQLFragment("runs r" + joins.sql, joins.arguments),
                    condition: .all(conditions)
                )
            ]
        }
    }

    /// Runs in the order of a metric: those where it is a number, those where it is NaN, those without it.
    ///
    /// The first two walk the index of latest points by value, and stop when the page is full; sorting would read every
    /// run. `CROSS JOIN` makes SQLite keep the order of the tables.
    private static func parts(
        orderedBy metric: SearchField,
        _ scope: [SQLFragment],
        _ filter: [SearchComparison],
        _ joins: SQLFragment
    ) throws(MartletError) -> [KeysetPage.Part] {
        var others: [SQLFragment] = []
        var numbers: [SQLFragment] = []
        var isCompared = false
        var admitsNaN = true
        for comparison in filter {
            let condition = try Self.condition(comparison)
            guard try Entity(comparison.field) == .metric, comparison.field.key == metric.key else {
                others.append(condition)
                continue
            }
            isCompared = true
            admitsNaN = admitsNaN && comparison.operation == .notEqual
            numbers.append(try comparison.condition(onNumber: "o0.metric_value", named: "metric '\(metric.key)'"))
        }
        let key = keyNumber(metric.key)
        func present(isNaN: Bool, _ more: [SQLFragment]) -> KeysetPage.Part {
            let point = SQLFragment(
                "o0.key_number = \(key.sql) AND o0.is_nan = \(isNaN ? 1 : 0) AND r.run_number = o0.run_number",
                key.arguments
            )
            return KeysetPage.Part(
                source: SQLFragment("latest_metrics o0 CROSS JOIN runs r" + joins.sql, joins.arguments),
                condition: .all([point] + more + scope + others),
                firstKey: .integer(isNaN ? 1 : 0)
            )
        }
        var parts = [present(isNaN: false, numbers)]
        if admitsNaN { parts.append(present(isNaN: true, [])) }
        if !isCompared {
            let missing = SQLFragment(
                """
                NOT EXISTS (SELECT 1 FROM latest_metrics f
                WHERE f.run_number = r.run_number AND f.key_number = \(key.sql))
                """,
                key.arguments
            )
            let nothing = "(SELECT 2 AS is_nan, CAST(0 AS DOUBLE PRECISION) AS metric_value) o0"
            parts.append(
                KeysetPage.Part(
                    source: SQLFragment("runs r CROSS JOIN \(nothing)" + joins.sql, joins.arguments),
                    condition: .all([missing] + scope + others),
                    firstKey: .integer(2)
                )
            )
        }
        return parts
    }

    /// The number of a metric's key, asked once in a statement; NULL for an unknown key.
    private static func keyNumber(_ key: String) -> SQLFragment {
        SQLFragment("(SELECT key_number FROM metric_keys WHERE metric_key = ?)", [.text(key)])
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
        let number = keyNumber(key)
        return SQLFragment(
            """
            EXISTS (SELECT 1 FROM latest_metrics f
            WHERE f.run_number = r.run_number AND f.key_number = \(number.sql) AND \(matches))
            """,
            number.arguments + value.arguments
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
        isFirst: Bool,
        _ joins: inout SQLFragment
    ) throws(MartletError) -> [KeysetPage.Key] {
        let isAscending = entry.isAscending
        let key = SQLValue.text(entry.field.key)
        switch try Entity(entry.field) {
        case .metric where isFirst:
            // The parts bring the columns along.
            return [
                KeysetPage.Key("\(alias).is_nan", isAscending: true),
                KeysetPage.Key("\(alias).metric_value", isAscending: isAscending),
            ]
        case .metric:
            let number = keyNumber(entry.field.key)
            joins.sql += """
                 LEFT JOIN latest_metrics \(alias) ON \(alias).run_number = r.run_number
                AND \(alias).key_number = \(number.sql)
                """
            joins.arguments += number.arguments
            return [
                KeysetPage.Key("COALESCE(\(alias).is_nan, 2)", isAscending: true),
                KeysetPage.Key(
                    "CASE WHEN \(alias).is_nan = 0 THEN \(alias).metric_value ELSE 0.0 END",
                    isAscending: isAscending
                ),
            ]
        case .param, .tag:
            let column = try Entity(entry.field) == .param ? "param" : "tag"
            joins.sql += """
                 LEFT JOIN run_\(column)s \(alias) ON \(alias).run_number = r.run_number
                AND \(alias).\(column)_key = ?
                """
            joins.arguments.append(key)
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
