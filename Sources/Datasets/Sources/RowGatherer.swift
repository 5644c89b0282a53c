import Core

/// Rows of text under named columns; JSON objects bring their own names, and a name that is new makes a column.
struct RowGatherer: Sendable {
    /// The columns in the order in which they came up.
    private(set) var columns: [String]
    /// The rows; one that is shorter has nothing in the columns behind.
    private(set) var rows: [[String?]] = []
    /// Bytes of text in the rows.
    private(set) var bytes = 0
    private var places: [String: Int] = [:]

    init(columns: [String] = []) {
        self.columns = columns
        for (place, name) in columns.enumerated() { places[name] = place }
    }

    /// Adds a row in the order of the columns.
    mutating func add(_ row: [String?]) {
        for cell in row { bytes += cell?.utf8.count ?? 0 }
        rows.append(row)
    }

    /// Adds a row by its names.
    ///
    /// - Throws: `invalidArgument` for a row that is too long or a name that is no column's, `resourceExhausted` for too
    ///   many columns.
    mutating func add(_ object: JSONObject, what: @autoclosure () -> String) throws(MartletError) {
        var row = [String?](repeating: nil, count: columns.count)
        var size = 0
        for (position, (name, value)) in object.pairs.enumerated() {
            let place: Int
            if position < columns.count, columns[position] == name {
                place = position
            } else if let known = places[name] {
                place = known
            } else {
                place = try newColumn(name, what: what())
                row.append(nil)
            }
            let text = Self.text(value)
            size += text?.utf8.count ?? 0
            row[place] = text
        }
        guard size <= DatasetsLimits.recordBytes else {
            throw MartletError(
                .invalidArgument,
                "\(what()) is longer than \(DatasetsLimits.recordBytes) bytes."
            )
        }
        bytes += size
        rows.append(row)
    }

    private mutating func newColumn(_ name: String, what: String) throws(MartletError) -> Int {
        guard columns.count < DatasetsLimits.columns else {
            throw MartletError(
                .resourceExhausted,
                "\(what) brings a column more than the \(DatasetsLimits.columns) that a dataset may have."
            )
        }
        _ = try DatasetColumn.checkedName(name, path: what)
        columns.append(name)
        places[name] = columns.count - 1
        return columns.count - 1
    }

    /// The text of a JSON value: truth is 1 and 0, null is nothing, lists and objects are JSON.
    static func text(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .bool(let truth): truth ? "1" : "0"
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .string(let text): text
        case .array, .object: value.description
        }
    }

    /// A row's cells by another order of columns; nil in the list stands for a column that is not here.
    func cells(of row: Int, at places: [Int?]) -> [String?] {
        let cells = rows[row]
        return places.map { place in place.flatMap { $0 < cells.count ? cells[$0] : nil } }
    }

    /// The cells of one column.
    func column(_ name: String) -> [String?] {
        guard let place = places[name] else { return [] }
        return rows.map { place < $0.count ? $0[place] : nil }
    }

    /// Where each of the names lies here.
    func places(of names: [String]) -> [Int?] { names.map { places[$0] } }
}
