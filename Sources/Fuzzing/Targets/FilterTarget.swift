import Core
import Storage

extension FuzzTarget {
    /// Words of filters and orderings.
    static let filterWords = [
        "AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "RLIKE", "IS", "NULL", "ASC", "DESC", "=", "!=", "<=", ">=", "<",
        ">",
        "metrics.", "params.", "tags.", "attributes.", "attribute.", "metadata.", "trace.", "span.", "feedback.",
        "expectation.", "name", "start_time", "status", "run_id", "version_number", "'a'", "\"b\"", "`c d`", "(", ")",
        ",", "%", "_", "';--", "timestamp_ms", "creation_time", "dataset.digest", "aliases", "source_path",
        "execution_time_ms", "'(a+)+$'", "prompt", "tags.`mlflow.source.name`", "span.attributes.x", "span.content",
    ]

    /// The language of filters and orderings: what is printed reads as the same.
    static let filter = FuzzTarget(
        "filter",
        "filters and orderings of searches",
        seeds: [
            "metrics.loss < 0.5 AND params.`a b` = 'x'", "tags.team IN ('red', 'blue')", "name LIKE '%x%'",
            "attributes.start_time >= 1700000000000", "params.x IS NOT NULL AND status != \"FAILED\"",
            "metrics.auc DESC", "`start_time` ASC", "'; DROP TABLE runs;--", "version_number > 3 AND name ILIKE 'A_'",
            "tags.\"mlflow.user\" NOT IN ('a',)", "metrics.x = -.5e-3",
        ],
        words: filterWords,
        forms: [.text]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let orders = try? SearchOrder.parse([text]), orders.allSatisfy({ hasName($0.field) }) {
            let again = try reading("the ordering that it prints") { try SearchOrder.parse(orders.map(Self.text)) }
            try require(again == orders, "printed and parsed it is another ordering")
        }
        let comparisons = try SearchFilter.parse(text)
        let printed = comparisons.map(Self.text).joined(separator: " AND ")
        guard printed.utf8.count <= SearchLimits.filterBytes, !comparisons.isEmpty,
            comparisons.allSatisfy({ hasName($0.field) })
        else { return 1 }
        let again = try reading("the filter that it prints, \(printed),") { try SearchFilter.parse(printed) }
        try require(again == comparisons, "printed and parsed it is another filter: \(printed)")
        var print = Fingerprint()
        for comparison in comparisons {
            print.take(comparison.operation.rawValue)
            print.take(comparison.field.entity ?? "-")
        }
        return print.value
    }

    /// Whether the entity cannot be read as a number when a quoted key stands behind it.
    private static func hasName(_ field: SearchField) -> Bool {
        field.entity?.utf8.first.map { $0 >= 0x41 } ?? true
    }

    private static func text(_ order: SearchOrder) -> String {
        text(order.field) + (order.isAscending ? " ASC" : " DESC")
    }

    private static func text(_ comparison: SearchComparison) -> String {
        let start = text(comparison.field) + " " + comparison.operation.rawValue
        switch comparison.value {
        case .none: return start
        case .number(let number): return start + " " + number
        case .text(let text): return start + " " + quoted(text, by: "'\"")
        case .texts(let texts): return start + " (" + texts.map { quoted($0, by: "'\"") }.joined(separator: ", ") + ")"
        }
    }

    private static func text(_ field: SearchField) -> String {
        (field.entity.map { $0 + "." } ?? "") + quoted(field.key, by: "`\"'")
    }

    /// The text in the first of the signs that does not stand in it.
    private static func quoted(_ text: String, by signs: String) -> String {
        let sign = signs.first { !text.contains($0) } ?? "'"
        return "\(sign)\(text)\(sign)"
    }
}
