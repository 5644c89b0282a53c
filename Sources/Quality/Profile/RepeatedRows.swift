import Core

/// Finds rows and columns that repeat others, and rows without any value.
///
/// Missing values equal each other, and 0 equals −0. A column repeats another only when both hold the same type.
struct RepeatedRows {
    /// Rows that repeat an earlier one.
    let duplicated: Int
    /// Rows in which every value is missing.
    let empty: Int

    init(_ table: Table, _ scans: [ColumnScan]) {
        let columns = zip(table.columns, scans).map { CellCodes($0, $1) }
        let rowCount = table.rowCount
        guard !columns.isEmpty, rowCount > 0 else {
            (duplicated, empty) = (0, 0)
            return
        }
        var hashes = [UInt64](repeating: CellCodes.seed, count: rowCount)
        var present = [Bool](repeating: false, count: rowCount)
        for column in columns { column.mix(into: &hashes, present: &present) }
        empty = present.count { !$0 }
        duplicated = Self.repeats(hashes) { first, row in columns.allSatisfy { $0.areEqual(first, row) } }
    }

    /// How many rows have an earlier equal one, by a table of hashes at most half full.
    private static func repeats(_ hashes: [UInt64], areEqual: (Int, Int) -> Bool) -> Int {
        var size = 16
        while size < hashes.count * 2 { size *= 2 }
        // Each place has the first row of its kind, plus 1.
        var firsts = [Int32](repeating: 0, count: size)
        var repeated = 0
        for row in hashes.indices {
            var place = Int(truncatingIfNeeded: hashes[row] & UInt64(size - 1))
            while true {
                let first = Int(firsts[place]) - 1
                if first < 0 {
                    firsts[place] = Int32(truncatingIfNeeded: row + 1)
                    break
                }
                if hashes[first] == hashes[row], areEqual(first, row) {
                    repeated += 1
                    break
                }
                place = (place + 1) & (size - 1)
            }
        }
        return repeated
    }
}

/// The pairs of columns that hold the same values.
enum RepeatedColumns {
    /// The pairs by name, in the order of the columns.
    static func pairs(_ table: Table, _ scans: [ColumnScan]) -> [(first: String, second: String)] {
        let columns = zip(table.columns, scans).map { CellCodes($0, $1) }
        var groups: [UInt64: [[Int]]] = [:]
        var pairs: [(Int, Int)] = []
        for (index, column) in columns.enumerated() {
            let hash = column.hash
            var group = groups[hash] ?? []
            if let place = group.firstIndex(where: { columns[$0[0]].isSame(as: column) }) {
                pairs += group[place].map { ($0, index) }
                group[place].append(index)
            } else {
                group.append([index])
            }
            groups[hash] = group
        }
        return pairs.sorted { $0 < $1 }.map { (table.columns[$0].name, table.columns[$1].name) }
    }
}

/// The cells of a column as bit patterns.
private enum CellCodes {
    case numbers([Double])
    case integers([Int64?])
    case texts(TextCodes)

    /// Differs between processes, so that nobody can prepare rows that all share a place.
    static let seed = UInt64.random(in: .min ... .max)
    private static let missing: UInt64 = 0x7FF8_0000_0000_0001
    private static let factor = UInt64.random(in: .min ... .max) | 1

    init(_ column: Column, _ scan: ColumnScan) {
        switch (column.values, scan.values) {
        case (.numbers(let values), _): self = .numbers(values)
        case (.integers(let values), _): self = .integers(values)
        case (.strings, .texts(let codes)): self = .texts(codes)
        case (.strings(let texts), .numbers): self = .texts(TextCodes(texts))
        }
    }

    @inline(__always)
    private static func mixed(_ hash: UInt64, _ bits: UInt64, _ factor: UInt64) -> UInt64 {
        let product = (hash ^ bits) &* factor
        return product ^ (product >> 31)
    }

    /// Adds each cell to its row's hash and notes the rows that have a value.
    func mix(into hashes: inout [UInt64], present: inout [Bool]) {
        let factor = Self.factor
        hashes.withUnsafeMutableBufferPointer { hashes in
            present.withUnsafeMutableBufferPointer { present in
                switch self {
                case .numbers(let values):
                    for (row, value) in values.enumerated() {
                        let bits = value.isNaN ? Self.missing : (value + 0).bitPattern
                        hashes[row] = Self.mixed(hashes[row], bits, factor)
                        if !value.isNaN { present[row] = true }
                    }
                case .integers(let values):
                    for (row, value) in values.enumerated() {
                        let bits = value.map { UInt64(bitPattern: $0) } ?? Self.missing
                        hashes[row] = Self.mixed(hashes[row], bits, factor)
                        if value != nil { present[row] = true }
                    }
                case .texts(let texts):
                    for (row, code) in texts.codes.enumerated() {
                        hashes[row] = Self.mixed(hashes[row], UInt64(UInt32(bitPattern: code)), factor)
                        if code >= 0 { present[row] = true }
                    }
                }
            }
        }
    }

    /// Whether two rows have the same cell.
    func areEqual(_ first: Int, _ second: Int) -> Bool {
        switch self {
        case .numbers(let values): Self.areEqual(values[first], values[second])
        case .integers(let values): values[first] == values[second]
        case .texts(let texts): texts.codes[first] == texts.codes[second]
        }
    }

    private static func areEqual(_ first: Double, _ second: Double) -> Bool {
        first == second || (first.isNaN && second.isNaN)
    }

    /// A hash of the whole column.
    var hash: UInt64 {
        let factor = Self.factor
        return switch self {
        case .numbers(let values):
            values.reduce(Self.seed) { Self.mixed($0, $1.isNaN ? Self.missing : ($1 + 0).bitPattern, factor) }
        case .integers(let values):
            values.reduce(~Self.seed) { Self.mixed($0, $1.map { UInt64(bitPattern: $0) } ?? Self.missing, factor) }
        case .texts(let texts):
            texts.codes.reduce(Self.seed &+ 1) { Self.mixed($0, UInt64(UInt32(bitPattern: $1)), factor) }
        }
    }

    /// Whether two columns have the same type and the same values in every row.
    func isSame(as other: CellCodes) -> Bool {
        switch (self, other) {
        case (.numbers(let left), .numbers(let right)):
            left.count == right.count && zip(left, right).allSatisfy { Self.areEqual($0, $1) }
        case (.integers(let left), .integers(let right)): left == right
        // Codes number the categories in order of appearance.
        case (.texts(let left), .texts(let right)): left.codes == right.codes && left.categories == right.categories
        default: false
        }
    }
}
