import Core
import Storage

/// Turns the filter and the ordering of a search for experiments into SQL over `experiments e`.
struct ExperimentSearch {
    /// Which experiments.
    let condition: SQLFragment
    /// What is sorted by; newest first if nothing is said.
    let keys: [KeysetPage.Key]

    init(view: Lifecycle.View, filter: [SearchComparison], order: [SearchOrder]) throws(MartletError) {
        var conditions = [SQLFragment.isIn("e.lifecycle_stage", view.words.map(SQLValue.text))]
        for comparison in filter { conditions.append(try Self.condition(comparison)) }
        condition = .all(conditions)
        guard !order.isEmpty else {
            keys = [
                KeysetPage.Key("e.creation_time", isAscending: false),
                KeysetPage.Key("e.experiment_id", isAscending: true),
            ]
            return
        }
        var keys: [KeysetPage.Key] = []
        for entry in order { keys += try Self.keys(entry) }
        self.keys = keys + [KeysetPage.Key("e.experiment_id", isAscending: false)]
    }

    private static func condition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let key = comparison.field.key
        switch comparison.field.entity {
        case "tag", "tags": return try tagCondition(comparison)
        case "attribute", "attributes", nil: break
        case let word?:
            throw MartletError(
                .invalidArgument,
                "Invalid entity type '\(word)'. Valid values are attribute and tags."
            )
        }
        let name = "attribute '\(key)'"
        switch key {
        case "name":
            switch comparison.operation {
            case .equal, .notEqual, .like, .ilike: return try comparison.condition(onText: "e.name", named: name)
            default: throw comparison.invalidOperator(for: name)
            }
        case "creation_time", "last_update_time":
            if case .number(let text) = comparison.value, Int64(text) == nil {
                throw MartletError(.invalidArgument, "Invalid value for numeric attribute '\(key)': '\(text)'")
            }
            return try comparison.condition(onNumber: "e.\(key)", named: name)
        case "experiment_id": return try idCondition(comparison, name)
        default:
            throw MartletError(
                .invalidArgument,
                "Invalid attribute key '\(key)' specified. Valid keys are name, experiment_id, creation_time and "
                    + "last_update_time."
            )
        }
    }

    private static func idCondition(_ comparison: SearchComparison, _ name: String) throws(MartletError) -> SQLFragment
    {
        var ids: [SQLValue] = []
        switch comparison.value {
        case .number(let text):
            throw MartletError(.invalidArgument, "Expected a quoted string value for attributes. Got value \(text)")
        case .text(let text): ids = [.integer(try TrackingRules.experimentNumber(text))]
        case .texts(let texts):
            for text in texts { ids.append(.integer(try TrackingRules.experimentNumber(text))) }
        case .none: throw comparison.invalidOperator(for: name)
        }
        let list = SQLFragment.isIn("e.experiment_id", ids)
        switch comparison.operation {
        case .equal, .isIn: return list
        case .notEqual, .isNotIn: return SQLFragment("NOT (\(list.sql))", list.arguments)
        default: throw comparison.invalidOperator(for: name)
        }
    }

    private static func tagCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        let rows = "SELECT 1 FROM experiment_tags f WHERE f.experiment_id = e.experiment_id AND f.tag_key = ?"
        let key = SQLValue.text(comparison.field.key)
        let name = "tag '\(comparison.field.key)'"
        switch comparison.operation {
        case .isNull: return SQLFragment("NOT EXISTS (\(rows))", [key])
        case .isNotNull: return SQLFragment("EXISTS (\(rows))", [key])
        case .isIn, .isNotIn: throw comparison.invalidOperator(for: name)
        default:
            let value = try comparison.condition(onText: "f.tag_value", named: name)
            return SQLFragment("EXISTS (\(rows) AND \(value.sql))", [key] + value.arguments)
        }
    }

    private static func keys(_ entry: SearchOrder) throws(MartletError) -> [KeysetPage.Key] {
        let isAttribute = entry.field.entity == nil || ["attribute", "attributes"].contains(entry.field.entity)
        switch isAttribute ? entry.field.key : "" {
        case "name": return RunSearch.textKeys("e.name", entry.isAscending)
        case "experiment_id", "creation_time", "last_update_time":
            return [KeysetPage.Key("e.\(entry.field.key)", isAscending: entry.isAscending)]
        default:
            throw MartletError(
                .invalidArgument,
                "Invalid order_by entity: '\(entry.field.entity ?? entry.field.key)'. Valid values are name, experiment_id, creation_time and "
                    + "last_update_time."
            )
        }
    }
}
