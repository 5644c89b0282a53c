import Core
import Crypto

/// One page of an API, understood.
struct HTTPPage {
    /// The whole answer when it is JSON, for what leads to the next page.
    let document: JSONValue
    /// How many rows it has.
    var count: Int { objects.count + records.count }
    /// The SHA-256 of its rows.
    let digest: String

    private let name: String
    private var objects: [JSONValue] = []
    private var records: [[String]] = []
    private var header: [String] = []

    /// - Throws: `unsupportedMediaType` for another type than the declared one, `invalidArgument` for what cannot be read.
    init(
        _ reply: DatasetSources.Reply,
        http: HTTPSource,
        format: DatasetSource.Format,
        declared: [String]
    ) throws(MartletError) {
        name = http.name
        guard !reply.isCut else {
            throw MartletError(
                .payloadTooLarge,
                "'\(http.name)' answers with more than \(DatasetsLimits.pageBytes) bytes; ask for smaller pages."
            )
        }
        if reply.status == 204 || reply.body.isEmpty && format != .json {
            document = .null
            digest = ""
            return
        }
        try HTTPContent.check(reply, format: format, name: http.name)
        switch format {
        case .json:
            let limits = JSONLimits(bytes: DatasetsLimits.pageBytes, allowsNonFinite: true)
            do {
                document = try JSONValue.parse(reply.body, limits: limits)
            } catch {
                throw MartletError(
                    .invalidArgument,
                    "'\(http.name)' answers with broken JSON: \(error.message)"
                )
            }
            guard let rows = http.rows.value(in: document)?.arrayValue else {
                throw MartletError(
                    .invalidArgument,
                    "'\(http.name)' has no list of rows at '\(http.rows.text)'; correct 'rows'."
                )
            }
            objects = rows
            digest = SHA256.hash(data: JSONValue.array(rows).serialized()).hexadecimal
        case .jsonl:
            document = .null
            digest = SHA256.hash(data: reply.body).hexadecimal
            for line in reply.body.split(separator: 0x0A) where !line.allSatisfy({ $0 <= 0x20 }) {
                do {
                    objects.append(try JSONValue.parse(line, limits: .lenientNumbers))
                } catch {
                    throw MartletError(
                        .invalidArgument,
                        "'\(http.name)' answers with a broken line: \(error.message)"
                    )
                }
            }
        case .csv:
            document = .null
            digest = SHA256.hash(data: reply.body).hexadecimal
            var content = reply.body[...]
            if content.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
            records = try CSV.records(content)
            header = declared
            if let first = records.first, declared.isEmpty || first.map(\.trimmingWhitespace) == declared {
                header = first.map(\.trimmingWhitespace)
                records.removeFirst()
            }
            try SourceHeader.check(header, declared: [], name: http.name)
        }
    }

    /// Adds the page's rows.
    func add(to gathered: inout RowGatherer) throws(MartletError) {
        for (position, value) in objects.enumerated() {
            switch value {
            case .object(let object):
                try gathered.add(object, what: "Row \(position + 1) of a page of '\(name)'")
            case .array(let cells):
                guard cells.count == gathered.columns.count, !cells.isEmpty else {
                    throw MartletError(
                        .invalidArgument,
                        "Row \(position + 1) of a page of '\(name)' is a list of \(cells.count) values; declare as many 'columns'."
                    )
                }
                gathered.add(cells.map(RowGatherer.text))
            default:
                throw MartletError(
                    .invalidArgument,
                    "Row \(position + 1) of a page of '\(name)' is \(value.kind), not an object."
                )
            }
        }
        for (position, record) in records.enumerated() {
            guard record.count == header.count else {
                throw MartletError(
                    .invalidArgument,
                    "Row \(position + 1) of a page of '\(name)' has \(record.count) fields; expected \(header.count)."
                )
            }
            let object = JSONObject(zip(header, record).map { ($0, .string($1)) })
            try gathered.add(object, what: "Row \(position + 1) of a page of '\(name)'")
        }
    }
}

/// Whether an answer is what it should be.
enum HTTPContent {
    static func check(
        _ reply: DatasetSources.Reply,
        format: DatasetSource.Format,
        name: String
    ) throws(MartletError) {
        if let encoding = reply.header("Content-Encoding"), encoding.lowercased() != "identity" {
            throw MartletError(
                .unsupportedMediaType,
                "'\(name)' answers in the encoding '\(encoding.prefix(40))', which was not asked for."
            )
        }
        if reply.body.starts(with: [0xFF, 0xFE]) || reply.body.starts(with: [0xFE, 0xFF]) {
            throw MartletError(.unsupportedMediaType, "'\(name)' answers in UTF-16; only UTF-8 is read.")
        }
        guard String(validating: reply.body, as: UTF8.self) != nil else {
            throw MartletError(.unsupportedMediaType, "'\(name)' answers with bytes that are not UTF-8.")
        }
        guard let header = reply.header("Content-Type") else { return }
        let parts = header.lowercased().split(separator: ";").map {
            $0.filter { !$0.isWhitespace && $0 != "\"" }
        }
        let type = parts.first ?? ""
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }?.dropFirst(8)
        if let charset, !["utf-8", "utf8", "us-ascii", "ascii"].contains(charset) {
            throw MartletError(
                .unsupportedMediaType,
                "'\(name)' answers in '\(charset.prefix(40))'; only UTF-8 is read."
            )
        }
        let accepted =
            switch format {
            case .csv:
                ["text/csv", "application/csv", "text/plain", "application/octet-stream"].contains(type)
            case .json: type.hasSuffix("/json") || type.hasSuffix("+json") || type == "text/plain"
            case .jsonl:
                type.contains("json")
                    || ["application/x-ndjson", "text/plain", "application/octet-stream"].contains(type)
            }
        guard accepted else {
            throw MartletError(
                .unsupportedMediaType,
                "'\(name)' answers with '\(type.prefix(80))', not with \(format.rawValue); check the address and 'format'."
            )
        }
    }
}
