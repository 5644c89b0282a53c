package import Core

/// A copy of a window's rows, to be evaluated off the request path.
package struct WindowSnapshot: Sendable {
    /// The inputs' names; nil when rows came without names.
    let names: [String]?
    /// Inputs in a row.
    let inputs: Int
    /// The cells, row after row.
    let elements: [Float]
    /// The texts by code, from 1.
    let texts: [String]
    /// Rows ever appended, by which a reader knows what is new.
    package let total: UInt64
    /// Rows that the window spans; it may hold fewer.
    package let spanned: Int

    /// Rows held.
    package var rows: Int { inputs == 0 ? 0 : elements.count / width }

    private var width: Int { inputs + FeatureWindow.extras }

    /// The inputs as a table, each column as the reference has it where its values allow that.
    ///
    /// - Parameters:
    ///   - reference: The reference, whose types and, for rows without names, whose columns are taken.
    ///   - version: The reference's version.
    ///   - only: Whether rows of other versions are left out.
    /// - Returns: The inputs; no columns when the window is empty.
    /// - Throws: `invalidArgument` when two columns have one name.
    package func inputs(like reference: Table, version: Int?, only: Bool = false) throws(MartletError) -> Table {
        let known = names ?? reference.columns.map(\.name)
        guard rows > 0, known.count == inputs else { return try Table(columns: []) }
        let kept = kept(version, only)
        return try Table(
            columns: known.enumerated().map { place, name in
                let cells = kept.map { elements[$0 * width + place] }
                return Column(name: name, values: values(cells, like: reference[name]?.values))
            }
        )
    }

    /// What the model said, in the columns `prediction` and `score`, row by row as in `inputs`.
    ///
    /// What another version than the reference's said is missing: models are compared with themselves.
    ///
    /// - Parameters:
    ///   - reference: What the version says of the reference; empty takes every version's word.
    ///   - version: The reference's version.
    ///   - only: Whether rows of other versions are left out.
    /// - Returns: The two columns; none when the window is empty.
    /// - Throws: nothing that two different names could cause.
    package func outputs(like reference: Table, version: Int?, only: Bool = false) throws(MartletError) -> Table {
        guard rows > 0 else { return try Table(columns: []) }
        let mark = version.map { Float($0) }
        let kept = kept(version, only)
        return try Table(
            columns: OutputColumn.inRows.enumerated().map { offset, name in
                let cells = kept.map { row in
                    let isOther = mark.map { $0 != elements[row * width + inputs + 2] } ?? false
                    return isOther ? Cell.missing : elements[row * width + inputs + offset]
                }
                return Column(name: name, values: values(cells, like: reference[name]?.values))
            }
        )
    }

    private func kept(_ version: Int?, _ only: Bool) -> [Int] {
        guard only, let mark = version.map({ Float($0) }) else { return Array(0..<rows) }
        return (0..<rows).filter { elements[$0 * width + inputs + 2] == mark }
    }

    private func values(_ cells: [Float], like reference: Column.Values?) -> Column.Values {
        let hasText = cells.contains { Cell.code(of: $0) != nil }
        switch reference {
        case .strings: return .strings(cells.map(text))
        case .integers where !hasText:
            let whole = cells.allSatisfy { $0.isNaN || Int64(exactly: $0) != nil }
            if whole { return .integers(cells.map { $0.isNaN ? nil : Int64(exactly: $0) }) }
        default: break
        }
        return hasText ? .strings(cells.map(text)) : .numbers(cells.map(Double.init))
    }

    private func text(_ cell: Float) -> String? {
        if let code = Cell.code(of: cell) {
            return code <= UInt32(texts.count) ? texts[Int(code) - 1] : nil
        }
        guard !cell.isNaN else { return nil }
        return Int64(exactly: cell).map(String.init) ?? "\(cell)"
    }
}
