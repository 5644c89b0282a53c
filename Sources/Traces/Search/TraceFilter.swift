import Core
import Storage

/// Collects the comparisons of one filter into conditions and tests.
///
/// All comparisons about spans are about one and the same span.
struct TraceFilter {
    private let experiments: [Int64]
    private var conditions: [SQLFragment] = []
    private var tests: [TraceSearch.RowTest] = []
    private var spanConditions: [SQLFragment] = []
    private var spanTests: [@Sendable (Row, inout Int) throws -> Bool] = []
    private var needsContent = false
    /// Whether an index leads to the spans.
    private var isSelective = false

    init(experiments: [Int64]) {
        self.experiments = experiments
    }

    func finished() throws(MartletError) -> (conditions: [SQLFragment], tests: [TraceSearch.RowTest]) {
        var (conditions, tests) = (conditions, tests)
        let hasSpans = !spanConditions.isEmpty || !spanTests.isEmpty
        guard hasSpans else { return (conditions, tests) }
        let content = needsContent || !spanTests.isEmpty
        let join = content ? " JOIN span_contents c ON c.trace_number = s.trace_number AND c.span_id = s.span_id" : ""
        let all = SQLFragment.all(spanConditions)
        if spanTests.isEmpty {
            // Few spans are best listed; for many, or those that no index finds, each trace in turn is looked at.
            conditions.append(
                isSelective
                    ? SQLFragment(
                        "t.trace_number IN (SELECT s.trace_number FROM spans s\(join) WHERE \(all.sql))",
                        all.arguments
                    )
                    : SQLFragment(
                        "EXISTS (SELECT 1 FROM spans s\(join) WHERE s.trace_number = t.trace_number AND \(all.sql))",
                        all.arguments
                    )
            )
        } else {
            let checks = spanTests
            tests.append(
                TraceSearch.RowTest(
                    query: SQLFragment(
                        """
                        SELECT s.trace_number, s.span_name, s.span_type, s.span_status, c.content FROM spans s\(join)
                        WHERE \(all.sql) AND s.trace_number
                        """,
                        all.arguments
                    ),
                    passes: { row, budget in
                        for check in checks where try !check(row, &budget) { return false }
                        return true
                    }
                )
            )
        }
        return (conditions, tests)
    }

    mutating func add(_ comparison: SearchComparison) throws(MartletError) {
        let name = comparison.field.entity.map { "\($0).\(comparison.field.key)" } ?? comparison.field.key
        switch try TraceField(comparison.field) {
        case .number(let column): conditions.append(try comparison.condition(onNumber: column, named: name))
        case .text(let column): try addText(comparison, column, name)
        case .run: try addRun(comparison, name)
        case .prompt: conditions.append(try Self.prompt(comparison))
        case .tag(let key): try addPair(comparison, "tag", key, name)
        case .metadata(let key): try addPair(comparison, "metadata", key, name)
        case .span(let column): try addSpan(comparison, column, name)
        case .spanAttribute(let key): try addSpanAttribute(comparison, key, name)
        case .spanContent:
            guard comparison.operation == .like || comparison.operation == .ilike else {
                throw comparison.invalidOperator(for: name)
            }
            spanConditions.append(try comparison.condition(onText: "c.content", named: name))
            needsContent = true
        case .assessment(let kind, let key): try addAssessment(comparison, kind, key, name)
        case .issue:
            guard comparison.operation == .equal else { throw comparison.invalidOperator(for: name) }
            let issue = try comparison.condition(onText: "a.assessment_name", named: name)
            conditions.append(
                SQLFragment(
                    """
                    t.trace_number IN (
                    SELECT a.trace_number FROM assessments a WHERE a.kind = 'issue' AND \(issue.sql))
                    """,
                    issue.arguments
                )
            )
        case .experiment:
            throw MartletError(
                .invalidArgument,
                "Invalid attribute key 'experiment_id' specified: name the experiments in 'locations'."
            )
        }
    }

    // MARK: the trace itself

    private mutating func addText(_ comparison: SearchComparison, _ column: String, _ name: String) throws(MartletError)
    {
        if let pattern = try Self.pattern(comparison, name) {
            tests.append(
                TraceSearch.RowTest(
                    query: SQLFragment(
                        """
                        SELECT t.trace_number, \(column) AS text FROM traces t
                        WHERE \(column) IS NOT NULL AND t.trace_number
                        """
                    ),
                    passes: Self.test(pattern, "text")
                )
            )
            return
        }
        if column == "t.trace_name", let matching = Self.equal(comparison, head: "t.name_head", whole: column) {
            conditions.append(matching)
            return
        }
        let isNullTest = comparison.operation == .isNull || comparison.operation == .isNotNull
        let allowsNull = ["t.trace_name", "t.session_id"].contains(column) && comparison.field.entity != nil
        guard !isNullTest || allowsNull else { throw comparison.invalidOperator(for: name) }
        conditions.append(try comparison.condition(onText: column, named: name))
    }

    /// The pattern of RLIKE, or nil for other operators.
    private static func pattern(_ comparison: SearchComparison, _ name: String) throws(MartletError) -> LinearPattern? {
        guard comparison.operation == .rlike else { return nil }
        guard case .text(let text) = comparison.value else {
            throw MartletError(.invalidArgument, "Expected a quoted string value for \(name) (e.g. '^my.*').")
        }
        return try LinearPattern(text)
    }

    private static func test(
        _ pattern: LinearPattern,
        _ column: String
    ) -> @Sendable (Row, inout Int) throws -> Bool {
        { row, budget in try row.optionalText(column).map { try pattern.occurs(in: $0, budget: &budget) } ?? false }
    }

    private mutating func addRun(_ comparison: SearchComparison, _ name: String) throws(MartletError) {
        guard comparison.operation == .equal, case .text(let run) = comparison.value else {
            return try addPair(comparison, "metadata", TraceKeys.sourceRun, name)
        }
        let pair = try Self.pairRows(comparison, "metadata", TraceKeys.sourceRun, name)
        conditions.append(
            SQLFragment(
                """
                (t.trace_number IN (\(pair.sql))
                OR t.trace_id IN (SELECT l.trace_id FROM trace_runs l WHERE l.run_id = ?))
                """,
                pair.arguments + [.text(run)]
            )
        )
    }

    private static func prompt(_ comparison: SearchComparison) throws(MartletError) -> SQLFragment {
        guard comparison.operation == .equal else {
            throw MartletError(
                .invalidArgument,
                "Invalid comparator '\(comparison.operation.rawValue)' for prompts filter. Only '=' is supported with "
                    + "format: prompt = \"name/version\""
            )
        }
        guard case .text(let text) = comparison.value else {
            throw MartletError(.invalidArgument, "Expected a quoted string value for prompt (e.g. 'name/1').")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw MartletError(
                .invalidArgument,
                "Invalid prompts filter value '\(text)'. Expected format: prompt = \"name/version\""
            )
        }
        return SQLFragment(
            """
            t.trace_id IN (SELECT p.trace_id FROM trace_prompts p WHERE p.prompt_name = ? AND p.prompt_version = ?)
            """,
            [.text(String(parts[0])), .integer(Int64(parts[1]) ?? -1)]
        )
    }

    // MARK: tags and metadata

    private mutating func addPair(
        _ comparison: SearchComparison,
        _ pair: String,
        _ key: String,
        _ name: String
    ) throws(MartletError) {
        let table = pair == "tag" ? "trace_tags" : "trace_metadata"
        if let pattern = try Self.pattern(comparison, name) {
            tests.append(
                TraceSearch.RowTest(
                    query: SQLFragment(
                        """
                        SELECT f.trace_number, f.\(pair)_value AS text FROM \(table) f
                        WHERE f.\(pair)_key = ? AND f.trace_number
                        """,
                        [.text(key)]
                    ),
                    passes: Self.test(pattern, "text")
                )
            )
            return
        }
        let rows = "SELECT 1 FROM \(table) f WHERE f.trace_number = t.trace_number AND f.\(pair)_key = ?"
        switch comparison.operation {
        case .isNull: conditions.append(SQLFragment("NOT EXISTS (\(rows))", [.text(key)]))
        case .isNotNull: conditions.append(SQLFragment("EXISTS (\(rows))", [.text(key)]))
        case .isIn, .isNotIn: throw comparison.invalidOperator(for: name)
        case .equal:
            let matching = try Self.pairRows(comparison, pair, key, name)
            conditions.append(SQLFragment("t.trace_number IN (\(matching.sql))", matching.arguments))
        default:
            let value = try comparison.condition(onText: "f.\(pair)_value", named: name)
            conditions.append(SQLFragment("EXISTS (\(rows) AND \(value.sql))", [.text(key)] + value.arguments))
        }
    }

    /// The numbers of the traces whose pair has a value, found through the index on its beginning.
    private static func pairRows(
        _ comparison: SearchComparison,
        _ pair: String,
        _ key: String,
        _ name: String
    ) throws(MartletError) -> SQLFragment {
        let table = pair == "tag" ? "trace_tags" : "trace_metadata"
        guard let value = equal(comparison, head: "f.\(pair)_head", whole: "f.\(pair)_value") else {
            // The error for a number where a text belongs.
            return try comparison.condition(onText: "f.\(pair)_value", named: name)
        }
        return SQLFragment(
            "SELECT f.trace_number FROM \(table) f WHERE f.\(pair)_key = ? AND \(value.sql)",
            [.text(key)] + value.arguments
        )
    }

    /// `=` by means of the beginning that an index holds; nil for other operators and values.
    ///
    /// A text that is shorter than what the index holds needs no look at the whole.
    private static func equal(_ comparison: SearchComparison, head: String, whole: String) -> SQLFragment? {
        guard comparison.operation == .equal, case .text(let text) = comparison.value else { return nil }
        let start = SQLFragment("\(head) = ?", [.text(TraceRules.head(text))])
        if text.unicodeScalars.count < TracesLimits.headCharacters { return start }
        return .all([start, SQLFragment("\(whole) = ?", [.text(text)])])
    }

    // MARK: spans

    private mutating func addSpan(_ comparison: SearchComparison, _ column: String, _ name: String) throws(MartletError)
    {
        if let pattern = try Self.pattern(comparison, name) {
            spanTests.append(Self.test(pattern, String(column.dropFirst(2))))
            return
        }
        guard comparison.operation != .isNull, comparison.operation != .isNotNull else {
            throw comparison.invalidOperator(for: name)
        }
        if comparison.operation == .equal { isSelective = true }
        let head = column == "s.span_name" ? "s.name_head" : "s.type_head"
        if column != "s.span_status", let matching = Self.equal(comparison, head: head, whole: column) {
            spanConditions.append(matching)
        } else {
            spanConditions.append(try comparison.condition(onText: column, named: name))
        }
    }

    /// Attributes are compared by their plain text; the databases only sort out spans that do not name them at all.
    private mutating func addSpanAttribute(
        _ comparison: SearchComparison,
        _ key: String,
        _ name: String
    ) throws(MartletError) {
        let check = try TextCheck(comparison, name)
        spanConditions.append(
            try SearchComparison(
                field: comparison.field,
                operation: .like,
                value: .text("%\(AttributeText.json(Self.withoutWildcards(key)).dropFirst().dropLast())%")
            )
            .condition(onText: "c.content", named: name)
        )
        needsContent = true
        spanTests.append { row, budget in
            guard let content = row.optionalText("content").flatMap(AttributeText.parse),
                let text = content["attributes"]?[key]?.stringValue
            else { return false }
            let value = AttributeText.parse(text)
            return try check.passes(value?.stringValue ?? text, &budget)
        }
    }

    /// A text whose characters that LIKE takes for something else are those that match any.
    private static func withoutWildcards(_ text: String) -> String {
        String(text.map { "%\\".contains($0) ? "_" : $0 })
    }

    // MARK: assessments

    private mutating func addAssessment(
        _ comparison: SearchComparison,
        _ kind: TraceAssessment.Kind,
        _ key: String,
        _ name: String
    ) throws(MartletError) {
        let matching = SQLFragment(
            "a.kind = ? AND a.assessment_name = ? AND a.is_valid = 1",
            [.text(kind.rawValue), .text(key)]
        )
        if let pattern = try Self.pattern(comparison, name) {
            let rows = covered(matching, columns: ", a.assessment_value AS text")
            tests.append(
                TraceSearch.RowTest(
                    query: SQLFragment(
                        "SELECT x.trace_number, x.text FROM (\(rows.sql)) x WHERE x.trace_number",
                        rows.arguments
                    ),
                    passes: Self.test(pattern, "text")
                )
            )
            return
        }
        let value: SQLFragment
        switch (comparison.operation, comparison.value) {
        case (.isNull, _), (.isNotNull, _): value = SQLFragment("1 = 1")
        case (.less, _), (.lessOrEqual, _), (.greater, _), (.greaterOrEqual, _):
            value = try comparison.condition(onNumber: "a.number_value", named: name)
        case (.equal, .text(let text)):
            value = SQLFragment(
                "(a.assessment_value = ? OR a.assessment_value = ?)",
                [.text(text), .text(AttributeText.json(text))]
            )
        case (.notEqual, .text(let text)):
            value = SQLFragment(
                "a.assessment_value <> ? AND a.assessment_value <> ?",
                [.text(text), .text(AttributeText.json(text))]
            )
        case (.isIn, _), (.isNotIn, _): throw comparison.invalidOperator(for: name)
        default: value = try comparison.condition(onText: "a.assessment_value", named: name)
        }
        let rows = covered(.all([matching, value]), columns: "")
        let isNot = comparison.operation == .isNull ? "NOT " : ""
        conditions.append(SQLFragment("\(isNot)t.trace_number IN (\(rows.sql))", rows.arguments))
    }

    /// The traces that assessments are about: their own, and all of the session if they are about the session.
    private func covered(_ matching: SQLFragment, columns: String) -> SQLFragment {
        let scope = SQLFragment.isIn("m.experiment_id", experiments.map(SQLValue.integer))
        let ownScope = SQLFragment.isIn("n.experiment_id", experiments.map(SQLValue.integer))
        return SQLFragment(
            """
            SELECT a.trace_number\(columns) FROM assessments a WHERE \(matching.sql)
            UNION ALL SELECT m.trace_number\(columns) FROM assessments a
            JOIN traces n ON n.trace_number = a.trace_number AND \(ownScope.sql)
            JOIN traces m ON m.session_id = n.session_id AND \(scope.sql)
            WHERE a.is_about_session = 1 AND \(matching.sql)
            """,
            matching.arguments + ownScope.arguments + scope.arguments + matching.arguments
        )
    }
}
