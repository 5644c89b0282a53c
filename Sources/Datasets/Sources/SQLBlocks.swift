import Core
import Crypto
import Foundation
import Storage

/// The rows of a database, page by page in the order of a column.
struct SQLBlocks: BlockSource {
    private let sql: SQLSource
    private let database: Database
    private var last: SQLValue?
    private var chain = ""
    private var bytes: Int64 = 0
    private var isDone = false

    init(_ sql: SQLSource, sources: DatasetSources, directory: String) async throws {
        self.sql = sql
        let url = sql.url.filled(try await sources.secrets(of: [sql.url]))
        if url.hasPrefix("sqlite:") {
            let file = String(url.dropFirst(7))
            guard DatasetSource.isSafe(file) else {
                throw MartletError(
                    .invalidArgument,
                    "The database's address must name a file beside the manifest."
                )
            }
            database = try await BlockingWork.run {
                try Database.openReadOnly(path: try SourceFile.path(of: file, below: directory))
            }
        } else {
            let pinned = try await Self.pinned(url, sources)
            database = try await BlockingWork.run { try Database.open(postgres: pinned) }
        }
    }

    /// The address with the one that the host was looked up to, after the rules of what may be asked let it pass.
    private static func pinned(_ url: String, _ sources: DatasetSources) async throws -> String {
        try Database.validate(postgres: url)
        let place = try Database.display(postgres: url).dropFirst("postgres://".count).prefix {
            $0 != "/"
        }
        let parameters = url.split(separator: "?", maxSplits: 1).dropFirst().joined().lowercased()
        let moved = ["host=", "hostaddr=", "port=", "service="].contains { name in
            parameters.split(separator: "&").contains { $0.hasPrefix(name) }
        }
        guard !place.isEmpty, !place.contains(","), !place.contains("%"), !moved,
            let parts = URL(string: "postgres://\(place)"), let host = parts.host()
        else {
            throw MartletError(
                .invalidArgument,
                "The database's address must name one host, as postgres://USER:PASSWORD@HOST:PORT/DATABASE."
            )
        }
        let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let address = try await sources.address(name, parts.port ?? 5432)
        return url + (url.contains("?") ? "&" : "?") + "hostaddr=\(QueryText.escaped(address))"
    }

    var fraction: Double { isDone ? 1 : 0 }

    var digest: SourceDigest { SourceDigest(name: sql.name, sha256: chain, bytes: bytes) }

    func close() async { try? await database.close() }

    mutating func resume(at position: SourcePosition, rows: Int64) async throws -> Bool {
        guard let state = position.state, let last = Self.value(state["last"]) else { return false }
        self.last = last
        chain = state["chain"]?.stringValue ?? ""
        bytes = state["bytes"]?.integerValue ?? 0
        return true
    }

    mutating func next(limit: Int) async throws -> SourceBlock {
        let statement = sql.statement(isFirst: last == nil)
        let arguments = (last.map { [$0] } ?? []) + [SQLValue.int(limit + 1)]
        let rows = try await database.read { try $0.query(statement, arguments) }
        isDone = rows.count <= limit
        var gathered = RowGatherer(columns: rows.first?.columnNames ?? [])
        if Set(gathered.columns).count != gathered.columns.count {
            throw MartletError(
                .invalidArgument,
                "The query gives two columns of one name; name them apart."
            )
        }
        if !rows.isEmpty, !gathered.columns.contains(sql.order) {
            throw MartletError(.invalidArgument, "The query has no column '\(sql.order)' to order by.")
        }
        var digest = SHA256()
        for (position, row) in rows.prefix(limit).enumerated() {
            try check(
                row[sql.order],
                before: position + 1 < rows.count ? rows[position + 1][sql.order] : nil
            )
            let cells = gathered.columns.indices.map { Self.text(row[at: $0]) }
            for cell in cells {
                let text = cell.map { "\($0.utf8.count):\($0)," } ?? "-,"
                bytes += Int64(text.utf8.count)
                digest.update(data: Array(text.utf8))
            }
            gathered.add(cells)
        }
        if let row = rows.prefix(limit).last {
            last = row[sql.order]
            chain = SHA256.hash(data: Array("\(chain)\(digest.finalize().hexadecimal)".utf8)).hexadecimal
        }
        let state: JSONValue = [
            "last": Self.json(last), "chain": .string(chain), "bytes": .integer(bytes),
        ]
        return SourceBlock(
            rows: gathered,
            position: SourcePosition(digest: chain, state: state),
            isLast: isDone
        )
    }

    private func check(_ value: SQLValue, before next: SQLValue?) throws(MartletError) {
        guard value != .null, value != next else {
            throw MartletError(
                .failedPrecondition,
                "The column '\(sql.order)' is missing in a row or has a value twice; order by a unique column."
            )
        }
        if case .blob = value {
            throw MartletError(
                .invalidArgument,
                "The column '\(sql.order)' holds bytes; order by numbers or text."
            )
        }
    }

    private static func text(_ value: SQLValue) -> String? {
        switch value {
        case .null: nil
        case .integer(let number): String(number)
        case .real(let number): "\(number)"
        case .text(let text): text
        case .blob(let bytes): bytes.hexadecimal
        }
    }

    private static func json(_ value: SQLValue?) -> JSONValue {
        switch value {
        case .integer(let number)?: ["integer": .integer(number)]
        case .real(let number)?: ["real": .number(number)]
        case .text(let text)?: ["text": .string(text)]
        case .null?, .blob?, nil: .null
        }
    }

    private static func value(_ json: JSONValue?) -> SQLValue? {
        if let number = json?["integer"]?.integerValue { return .integer(number) }
        if let number = json?["real"]?.doubleValue { return .real(number) }
        return json?["text"]?.stringValue.map(SQLValue.text)
    }
}
