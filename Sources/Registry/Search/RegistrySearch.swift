import Core
import Storage

/// Turns filters and orderings of searches for models and versions into SQL over `registered_models m` and, for
/// versions, `model_versions v`.
struct RegistrySearch {
    /// Which rows.
    let condition: SQLFragment
    /// What is sorted by.
    let keys: [KeysetPage.Key]

    /// A search for registered models; by name if no order is given.
    init(models filter: [SearchComparison], order: [SearchOrder]) throws(MartletError) {
        let wantsPrompts = Self.wantsPrompts(filter)
        var conditions: [SQLFragment] = []
        for comparison in filter {
            if Self.isTag(comparison.field) {
                let condition = try Self.tagCondition(comparison, "registered_model_tags", "m")
                if !Self.isAboutPrompts(comparison) { conditions.append(condition) }
            } else if try Self.attribute(comparison.field) == "name" {
                conditions.append(try Self.textCondition(comparison, "m.name", allowsList: true))
            } else {
                throw Self.unknownAttribute(comparison.field.key, "name")
            }
        }
        conditions.append(SQLFragment("m.is_prompt = ?", [.bool(wantsPrompts)]))
        condition = .all(conditions)
        var keys: [KeysetPage.Key] = []
        var columns: Set<String> = []
        for entry in order {
            let column: String
            switch try Self.attribute(entry.field) {
            case "name": column = "m.name"
            case "timestamp", "last_updated_timestamp": column = "m.last_update_time"
            default: throw Self.unknownOrder(entry.field.key, "name, timestamp and last_updated_timestamp")
            }
            guard columns.insert(column).inserted else {
                throw MartletError(.invalidArgument, "`order_by` contains duplicate fields: '\(entry.field.key)'.")
            }
            keys.append(KeysetPage.Key(column, isAscending: entry.isAscending))
        }
        self.keys = keys + [KeysetPage.Key("m.name", isAscending: true)]
    }

    /// A search for versions; last changed first if no order is given.
    init(versions filter: [SearchComparison], order: [SearchOrder]) throws(MartletError) {
        let wantsPrompts = Self.wantsPrompts(filter)
        var conditions = [SQLFragment("v.is_deleted = 0")]
        for comparison in filter {
            if Self.isTag(comparison.field) {
                let condition = try Self.tagCondition(comparison, "model_version_tags", "v")
                if !Self.isAboutPrompts(comparison) { conditions.append(condition) }
            } else {
                conditions.append(try Self.versionCondition(comparison))
            }
        }
        conditions.append(SQLFragment("m.is_prompt = ?", [.bool(wantsPrompts)]))
        condition = .all(conditions)
        var keys: [KeysetPage.Key] = []
        for entry in order { keys.append(try Self.versionKey(entry)) }
        if order.isEmpty { keys.append(KeysetPage.Key("v.last_update_time", isAscending: false)) }
        self.keys =
            keys + [
                KeysetPage.Key("m.name", isAscending: true), KeysetPage.Key("v.version", isAscending: false),
            ]
    }

    private static func versionCondition(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        switch try attribute(comparison.field) {
        case "name": return try textCondition(comparison, "m.name", allowsList: true)
        case "run_id": return try textCondition(comparison, "v.run_id", allowsList: true)
        case "source_path": return try textCondition(comparison, "v.source", allowsList: false)
        case "version_number":
            // A version is text in the rest of the API, so clients write it with and without quotes.
            let whole: Int64?
            switch comparison.value {
            case .text(let text), .number(let text): whole = Int64(text)
            default: whole = nil
            }
            let name = "attribute 'version_number'"
            guard let whole else {
                throw MartletError(.invalidArgument, "Invalid value for numeric \(name): it must be a whole number.")
            }
            return try SearchComparison(
                field: comparison.field,
                operation: comparison.operation,
                value: .number(String(whole))
            ).condition(onNumber: "v.version", named: name)
        case let key: throw unknownAttribute(key, "name, run_id, source_path and version_number")
        }
    }

    private static func versionKey(_ entry: SearchOrder) throws(MartletError) -> KeysetPage.Key {
        let columns = [
            "name": "m.name", "version_number": "v.version", "creation_timestamp": "v.creation_time",
            "last_updated_timestamp": "v.last_update_time",
        ]
        guard let column = columns[try attribute(entry.field)] else {
            throw unknownAttribute(entry.field.key, columns.keys.sorted().joined(separator: ", "))
        }
        return KeysetPage.Key(column, isAscending: entry.isAscending)
    }

    /// Whether a filter asks for prompts: the first comparison of their mark decides, the others are about models.
    private static func wantsPrompts(_ filter: [SearchComparison]) -> Bool {
        guard let comparison = filter.first(where: isAboutPrompts), case .text(let text) = comparison.value else {
            return false
        }
        switch comparison.operation {
        case .equal: return text.lowercased() == "true"
        case .notEqual: return text.lowercased() == "false"
        default: return false
        }
    }

    /// Whether a comparison is of the mark of prompts, which models lack and which is compared apart therefore.
    private static func isAboutPrompts(_ comparison: SearchComparison) -> Bool {
        isTag(comparison.field) && comparison.field.key == RegistryStore.promptTag
    }

    private static func isTag(_ field: SearchField) -> Bool {
        field.entity == "tag" || field.entity == "tags"
    }

    private static func attribute(_ field: SearchField) throws(MartletError) -> String {
        guard field.entity == nil || field.entity == "attribute" || field.entity == "attributes" else {
            throw MartletError(
                .invalidArgument,
                "Invalid entity type '\(field.entity ?? "")'. Valid values are attribute and tags."
            )
        }
        return field.key
    }

    private static func textCondition(
        _ comparison: SearchComparison,
        _ column: String,
        allowsList: Bool
    ) throws(MartletError) -> SQLFragment {
        let name = "attribute '\(comparison.field.key)'"
        switch comparison.operation {
        case .isNull, .isNotNull: throw comparison.invalidOperator(for: name)
        case .isIn where !allowsList, .isNotIn where !allowsList: throw comparison.invalidOperator(for: name)
        default: return try comparison.condition(onText: column, named: name)
        }
    }

    private static func tagCondition(
        _ comparison: SearchComparison,
        _ table: String,
        _ owner: String
    ) throws(MartletError) -> SQLFragment {
        let name = "tag '\(comparison.field.key)'"
        switch comparison.operation {
        case .isNull, .isNotNull, .isIn, .isNotIn: throw comparison.invalidOperator(for: name)
        default: break
        }
        let value = try comparison.condition(onText: "t.tag_value", named: name)
        let sameVersion = owner == "v" ? " AND t.version = v.version" : ""
        return SQLFragment(
            """
            EXISTS (SELECT 1 FROM \(table) t WHERE t.model_number = \(owner).model_number\(sameVersion)
            AND t.tag_key = ? AND \(value.sql))
            """,
            [.text(comparison.field.key)] + value.arguments
        )
    }

    private static func unknownAttribute(_ key: String, _ known: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid attribute key '\(key)' specified. Valid keys are \(known).")
    }

    private static func unknownOrder(_ key: String, _ known: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid order by key '\(key)' specified. Valid keys are \(known).")
    }
}
