import Core
import Storage

/// Turns a search for evaluation datasets into SQL over `evaluation_datasets d`.
struct DatasetSearch {
    /// Which rows.
    let condition: SQLFragment
    /// What is sorted by.
    let keys: [KeysetPage.Key]

    private static let texts = ["name": "d.name", "created_by": "d.created_by", "last_updated_by": "d.last_updated_by"]
    private static let numbers = ["created_time": "d.creation_time", "last_update_time": "d.last_update_time"]

    /// A search in some experiments, in all datasets for none.
    init(experiments: [String], filter: [SearchComparison], order: [SearchOrder]) throws(MartletError) {
        var conditions: [SQLFragment] = []
        if !experiments.isEmpty {
            let list = SQLFragment.isIn("e.experiment_id", experiments.map(SQLValue.text))
            conditions.append(
                SQLFragment(
                    """
                    EXISTS (SELECT 1 FROM evaluation_dataset_experiments e
                    WHERE e.dataset_id = d.dataset_id AND \(list.sql))
                    """,
                    list.arguments
                )
            )
        }
        for comparison in filter { conditions.append(try Self.condition(comparison)) }
        condition = .all(conditions)
        var keys: [KeysetPage.Key] = []
        for entry in order {
            guard entry.field.entity == nil, let column = Self.sortable[entry.field.key] else {
                throw Self.unknown(entry.field, Array(Self.sortable.keys))
            }
            keys.append(KeysetPage.Key(column, isAscending: entry.isAscending))
        }
        if keys.isEmpty { keys = [KeysetPage.Key("d.creation_time", isAscending: false)] }
        self.keys = keys + [KeysetPage.Key("d.dataset_id", isAscending: false)]
    }

    private static var sortable: [String: String] {
        numbers.merging(["name": "d.name"]) { first, _ in first }
    }

    private static func condition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let field = comparison.field
        let name = "attribute '\(field.key)'"
        switch field.entity {
        case "tags": return try tagCondition(comparison)
        case nil:
            if let column = numbers[field.key] { return try numberCondition(comparison, column, name) }
            guard let column = texts[field.key] else { throw unknown(field, Array(texts.keys) + Array(numbers.keys)) }
            switch comparison.operation {
            case .equal, .notEqual, .like, .ilike: break
            case .isIn where field.key == "name": break
            default: throw comparison.invalidOperator(for: name)
            }
            return try comparison.condition(onText: column, named: name)
        case let entity?:
            throw MartletError(.invalidArgument, "Invalid identifier token '\(entity)' specified")
        }
    }

    private static func numberCondition(
        _ comparison: SearchComparison,
        _ column: String,
        _ name: String
    ) throws(MartletError) -> SQLFragment {
        if case .number(let text) = comparison.value, Int64(text) == nil {
            throw MartletError(.invalidArgument, "Invalid value for numeric \(name): '\(text)' is no whole number.")
        }
        return try comparison.condition(onNumber: column, named: name)
    }

    private static func tagCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let name = "tag '\(comparison.field.key)'"
        switch comparison.operation {
        case .equal, .notEqual, .like, .ilike: break
        default: throw comparison.invalidOperator(for: name)
        }
        let value = try comparison.condition(onText: "t.tag_value", named: name)
        return SQLFragment(
            """
            EXISTS (SELECT 1 FROM evaluation_dataset_tags t
            WHERE t.dataset_id = d.dataset_id AND t.tag_key = ? AND \(value.sql))
            """,
            [.text(comparison.field.key)] + value.arguments
        )
    }

    private static func unknown(_ field: SearchField, _ known: [String]) -> MartletError {
        let name = [field.entity, field.key].compactMap(\.self).joined(separator: ".")
        return MartletError(
            .invalidArgument,
            "Invalid attribute key '\(name)' specified. Valid keys are: \(known.sorted().joined(separator: ", "))"
        )
    }
}
