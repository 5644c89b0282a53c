import Core
import Storage

/// Turns the filter and the ordering of a search for traces into SQL over `traces t`, and tests for the rest.
struct TraceSearch {
    /// A test of rows that belong to the traces found so far: a trace stays if one of its rows passes.
    struct RowTest: Sendable {
        /// A query that ends where a condition on `t.trace_number` is added; it selects `trace_number` and what
        /// `passes` reads.
        let query: SQLFragment
        /// Whether a row passes; reduces the budget for pattern matching.
        let passes: @Sendable (Row, inout Int) throws -> Bool
    }

    /// Which traces.
    let condition: SQLFragment
    /// The tables: `traces t` and a join for every tag or piece of metadata that is sorted by.
    let source: SQLFragment
    /// What is sorted by; missing values last, then newest first.
    let keys: [KeysetPage.Key]
    /// What a trace must pass besides.
    let tests: [RowTest]

    init(experiments: [Int64], filter: [SearchComparison], order: [SearchOrder]) throws(MartletError) {
        var builder = TraceFilter(experiments: experiments)
        for comparison in filter { try builder.add(comparison) }
        let built = try builder.finished()
        condition = .all([SQLFragment.isIn("t.experiment_id", experiments.map(SQLValue.integer))] + built.conditions)
        tests = built.tests
        var source = SQLFragment("traces t")
        var keys: [KeysetPage.Key] = []
        for (index, entry) in order.enumerated() { keys += try Self.keys(entry, alias: "o\(index)", &source) }
        self.source = source
        self.keys =
            keys + [
                KeysetPage.Key("t.request_time", isAscending: false), KeysetPage.Key("t.trace_id", isAscending: true),
            ]
    }

    private static func keys(
        _ entry: SearchOrder,
        alias: String,
        _ source: inout SQLFragment
    ) throws(MartletError) -> [KeysetPage.Key] {
        switch try TraceField(entry.field) {
        case .number(let column): return numberKeys(column, entry.isAscending)
        case .text(let column): return textKeys(column, entry.isAscending)
        case .run: return try keys(pair: "metadata", TraceKeys.sourceRun, entry, alias, &source)
        case .tag(let key): return try keys(pair: "tag", key, entry, alias, &source)
        case .metadata(let key): return try keys(pair: "metadata", key, entry, alias, &source)
        case .experiment: return [KeysetPage.Key("t.experiment_id", isAscending: entry.isAscending)]
        case .prompt, .span, .spanAttribute, .spanContent, .assessment, .issue:
            throw MartletError(
                .invalidArgument,
                "Invalid order_by key '\(entry.field.key)' specified. Valid keys are experiment_id, timestamp_ms, "
                    + "execution_time_ms, end_time_ms, status, request_id, name, run_id, tags and metadata."
            )
        }
    }

    private static func keys(
        pair: String,
        _ key: String,
        _ entry: SearchOrder,
        _ alias: String,
        _ source: inout SQLFragment
    ) throws(MartletError) -> [KeysetPage.Key] {
        let table = pair == "tag" ? "trace_tags" : "trace_metadata"
        source.sql +=
            " LEFT JOIN \(table) \(alias) ON \(alias).trace_number = t.trace_number AND \(alias).\(pair)_key = ?"
        source.arguments.append(.text(key))
        return textKeys("\(alias).\(pair)_head", entry.isAscending)
    }

    private static func numberKeys(_ column: String, _ isAscending: Bool) -> [KeysetPage.Key] {
        if column == "t.request_time" { return [KeysetPage.Key(column, isAscending: isAscending)] }
        return [
            KeysetPage.Key("CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END", isAscending: true),
            KeysetPage.Key("COALESCE(\(column), 0)", isAscending: isAscending),
        ]
    }

    private static func textKeys(_ column: String, _ isAscending: Bool) -> [KeysetPage.Key] {
        let head = column == "t.trace_name" ? "t.name_head" : column
        let isShort = head.hasSuffix("_head")
        let length = SearchLimits.sortTextCharacters
        return [
            KeysetPage.Key("CASE WHEN \(head) IS NULL THEN 1 ELSE 0 END", isAscending: true),
            KeysetPage.Key(
                isShort ? "COALESCE(\(head), '')" : "SUBSTR(COALESCE(\(head), ''), 1, \(length))",
                isAscending: isAscending
            ),
        ]
    }
}

/// What a filter or an ordering of traces names.
enum TraceField: Equatable {
    /// A column of `traces t` that holds numbers.
    case number(String)
    /// A column of `traces t` that holds text.
    case text(String)
    /// The experiment, for orderings.
    case experiment
    /// The run: a piece of metadata, or a link.
    case run
    /// A linked version of a prompt.
    case prompt
    /// A tag.
    case tag(String)
    /// A piece of metadata.
    case metadata(String)
    /// A column of `spans s`.
    case span(String)
    /// An attribute of a span.
    case spanAttribute(String)
    /// The whole content of a span.
    case spanContent
    /// The verdict of assessments of a kind and name.
    case assessment(TraceAssessment.Kind, String)
    /// An issue.
    case issue

    init(_ field: SearchField) throws(MartletError) {
        switch field.entity {
        case "tag", "tags": self = Self.tagField(field.key)
        case "metadata", "request_metadata":
            self =
                field.key == TraceKeys.sourceRun
                ? .run : field.key == TraceKeys.session ? .text("t.session_id") : .metadata(field.key)
        case "span": self = try Self.spanField(field.key)
        case "feedback": self = .assessment(.feedback, field.key)
        case "expectation": self = .assessment(.expectation, field.key)
        case "issue":
            guard field.key == "id" else {
                throw MartletError(
                    .invalidArgument,
                    "Invalid issue attribute '\(field.key)'. Supported attributes: id"
                )
            }
            self = .issue
        case nil, "attribute", "attributes", "trace": self = try Self.attributeField(field.key)
        case let word?:
            throw MartletError(
                .invalidArgument,
                "Invalid entity type '\(word)'. Valid values are tag, metadata, attribute, trace, span, feedback, "
                    + "expectation and issue."
            )
        }
    }

    private static func tagField(_ key: String) -> TraceField {
        key == TraceKeys.name ? .text("t.trace_name") : .tag(key)
    }

    private static func attributeField(_ key: String) throws(MartletError) -> TraceField {
        switch key {
        case "timestamp", "timestamp_ms": .number("t.request_time")
        case "execution_time", "execution_time_ms": .number("t.duration")
        case "end_time", "end_time_ms": .number("(t.request_time + COALESCE(t.duration, 0))")
        case "request_id", "trace_id": .text("t.trace_id")
        case "status", "state": .text("t.state")
        case "client_request_id": .text("t.client_request_id")
        case "name": .text("t.trace_name")
        case "experiment_id": .experiment
        case "run_id": .run
        case "prompt": .prompt
        case "text": .spanContent
        default:
            throw MartletError(
                .invalidArgument,
                "Invalid attribute key '\(key)' specified. Valid keys are request_id, timestamp, timestamp_ms, "
                    + "execution_time, execution_time_ms, end_time, end_time_ms, status, client_request_id, name, "
                    + "run_id, prompt and text."
            )
        }
    }

    private static func spanField(_ key: String) throws(MartletError) -> TraceField {
        if key.hasPrefix("attributes.") {
            let name = String(key.dropFirst("attributes.".count))
            guard !name.isEmpty else {
                throw MartletError(.invalidArgument, "Span attribute name cannot be empty after 'attributes.'")
            }
            return .spanAttribute(name)
        }
        switch key {
        case "name", "type", "status": return .span("s.span_\(key)")
        case "content": return .spanContent
        default:
            throw MartletError(
                .invalidArgument,
                "Invalid span attribute '\(key)'. Supported attributes: name, status, type, "
                    + "attributes.<attribute_name>."
            )
        }
    }
}
