import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// The rows of a query as a file of any size, written as it is read.
struct LedgerExport: Sendable {
    /// The forms of the file.
    enum Format: String, Sendable {
        case csv
        case jsonl

        var contentType: String { self == .csv ? "text/csv; charset=utf-8" : "application/x-ndjson" }
    }

    private let store: LedgerStore
    private let query: LedgerQuery
    private let format: Format

    init(store: LedgerStore, query: LedgerQuery, format: Format) {
        self.store = store
        self.query = query
        self.format = format
    }

    /// The answer; its body is read page by page while the client takes it.
    ///
    /// - Throws: what reading the first page throws; what fails later ends the connection.
    func response() async throws -> Response {
        let schemas = try await store.schemas(query.deployment)
        let first = try await store.page(query, limit: LedgerLimits.exportedRows)
        let sheet = LedgerSheet(schemas: schemas)
        let (store, query, format) = (store, query, format)
        var headers: HTTPFields = [.contentType: format.contentType, .cacheControl: "no-store"]
        headers[.contentDisposition] = "attachment; filename=\"ledger.\(format.rawValue)\""
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                var page = first
                if format == .csv { try await writer.write(ByteBuffer(string: sheet.header)) }
                while true {
                    var text = ""
                    for row in page.rows {
                        switch format {
                        case .csv: sheet.write(row.record, to: &text)
                        case .jsonl:
                            text += JSONValue.object(row.record.json(schemas[row.record.version])).description + "\n"
                        }
                    }
                    if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                    guard let next = page.next else { break }
                    page = try await store.page(query, after: next, limit: LedgerLimits.exportedRows)
                }
                try await writer.finish(nil)
            }
        )
    }
}

/// Rows as lines of CSV (RFC 4180).
package struct LedgerSheet: Sendable {
    private static let fixed = [
        "request_id", "time", "deployment", "version", "arm", "rollout", "step", "protocol", "entity", "prediction",
        "score", "latency_us", "drift", "cut", "shadow_version", "shadow_prediction", "shadow_score", "label",
        "correct",
        "observed_at", "labelled_at",
    ]
    /// Every input that a version has, in the order of the newest version.
    private let columns: [String]
    private let places: [Int: [String: Int]]

    /// Makes a sheet whose columns are those of all versions.
    package init(schemas: [Int: LedgerSchema]) {
        var columns: [String] = []
        var seen: Set<String> = []
        for (_, schema) in schemas.sorted(by: { $0.key > $1.key }) {
            columns += schema.columns.filter { seen.insert($0).inserted }
        }
        self.columns = columns
        places = schemas.mapValues { schema in
            Dictionary(schema.columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The first line.
    package var header: String {
        (Self.fixed + columns.map { "features.\($0)" }).map(Self.cell).joined(separator: ",") + "\r\n"
    }

    /// Adds a line.
    package func write(_ record: LedgerRecord, to text: inout String) {
        func time(_ moment: Timestamp?) -> String { moment?.iso8601 ?? "" }
        func number(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }
        var cells = [
            Self.cell(record.id), time(record.createdAt), Self.cell(record.deployment), "\(record.version)",
            Self.cell(record.arm.rawValue), Self.cell(record.rollout ?? ""), "\(record.step)", Self.cell(record.via),
            Self.cell(record.entity ?? ""), Self.cell(record.prediction), number(record.score),
            "\(record.microseconds)", "\(record.drift)", "\(record.isCut)",
            record.shadowVersion.map { "\($0)" } ?? "", Self.cell(record.shadowPrediction ?? ""),
            number(record.shadowScore), Self.cell(record.label ?? ""), record.isCorrect.map { "\($0)" } ?? "",
            time(record.observedAt), time(record.labelledAt),
        ]
        let known = places[record.version] ?? [:]
        for name in columns {
            guard let place = known[name], record.features.indices.contains(place) else {
                cells.append("")
                continue
            }
            let value = record.features[place]
            cells.append(LedgerRecord.isRedacted(value) ? "[redacted]" : number(Double(LedgerRecord.shortest(value))))
        }
        text += cells.joined(separator: ",")
        text += "\r\n"
    }

    /// A text as a cell: quoted where it must be, and with an apostrophe before what a spreadsheet would run as a formula.
    package static func cell(_ text: String) -> String {
        var text = text
        if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first), Double(text) == nil {
            text = "'" + text
        }
        guard text.utf8.contains(where: { $0 == 34 || $0 == 44 || $0 == 10 || $0 == 13 }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
