import Core
import Statistics

/// A detector that sees all numeric columns of a row together.
struct RowsDetector: Detector {
    let kind: DetectorKind
    let columns: [String]
    private let threshold: Double
    private let seed: UInt64
    private let engine: any RowsEngine

    /// Prepares the numeric columns of the reference; those without a finite value are left out.
    init(spec: DetectorSpec, reference: Table, kinds: ColumnKinds, names: [String]) throws(MartletError) {
        var usable: [String] = []
        for name in names where kinds[name] != .text || spec.columns.contains(name) {
            let column = try reference.column(name)
            guard let numbers = kinds[name] == .numeric ? Self.numbers(of: column) : column.numbers else {
                guard !spec.columns.contains(name) else {
                    throw MartletError(
                        .invalidArgument,
                        "\(spec.kind.rawValue) compares numbers; the column '\(name)' holds text."
                    )
                }
                continue
            }
            if numbers.contains(where: \.isFinite) { usable.append(name) }
        }
        guard !usable.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: the reference has no numeric column with a finite value for \(spec.kind.rawValue)."
            )
        }
        kind = spec.kind
        columns = usable
        threshold = spec.threshold ?? RowsEngines.defaultThreshold(of: spec.kind)
        seed = spec.seed
        let rows = Self.sample(reference, atMost: RowsEngines.referenceRows(of: spec.kind), seed: spec.seed)
        engine = try RowsEngines.prepare(
            spec,
            reference: Self.matrix(of: reference, usable, rows: rows),
            threshold: threshold
        )
    }

    func evaluate(_ current: Table) throws(MartletError) -> DetectorReport {
        for name in columns {
            guard let column = current[name] else {
                return undecided("insufficient data: the current table has no column '\(name)'.")
            }
            guard Self.numbers(of: column).contains(where: \.isFinite) else {
                return undecided("insufficient data: the current column '\(name)' has no finite number.")
            }
        }
        do {
            let rows = Self.sample(current, atMost: engine.currentRows(), seed: seed)
            let result = try engine.test(try Self.matrix(of: current, columns, rows: rows))
            return DetectorReport(
                kind: kind,
                statistic: result.statistic,
                pValue: result.pValue,
                threshold: result.threshold,
                drifted: result.drifted
            )
        } catch {
            guard error.code == .failedPrecondition else { throw error }
            let text = error.message
            return undecided(text.hasPrefix("insufficient data") ? text : "insufficient data: \(text)")
        }
    }

    private func undecided(_ reason: String) -> DetectorReport {
        DetectorReport(kind: kind, threshold: threshold, reason: reason)
    }

    /// Rows drawn without replacement, in their order; nil for all of them.
    private static func sample(_ table: Table, atMost count: Int?, seed: UInt64) -> [Int]? {
        guard let count, table.rowCount > count else { return nil }
        var generator = SeededGenerator(seed: seed)
        return generator.permutation(table.rowCount).prefix(count).sorted()
    }

    /// The numbers of a column; what is no number counts as missing.
    private static func numbers(of column: Column) -> [Double] {
        if let numbers = column.numbers { return numbers }
        guard case .strings(let texts) = column.values else { return [] }
        return texts.map { $0.flatMap(ColumnKinds.number) ?? .nan }
    }

    private static func matrix(
        of table: Table,
        _ names: [String],
        rows: [Int]?
    ) throws(MartletError) -> SampleMatrix {
        let columns = try Table(
            columns: names.map { name throws(MartletError) in
                Column(name: name, values: .numbers(numbers(of: try table.column(name))))
            }
        )
        let elements = try (rows.map(columns.selecting) ?? columns).matrix(of: names)
        do { return try SampleMatrix(names: names, elements: elements) } catch { throw MartletError.wrapping(error) }
    }
}
