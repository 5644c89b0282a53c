import Core
import Statistics

/// A detector that sees all numeric columns of a row together.
struct RowsDetector: Detector {
    let kind: DetectorKind
    let columns: [String]
    private let threshold: Double
    private let engine: any RowsEngine

    /// Prepares the numeric columns of the reference; those without a finite value are left out.
    init(spec: DetectorSpec, reference: Table, kinds: ColumnKinds, names: [String]) throws(MartletError) {
        var usable: [String] = []
        for name in names where kinds[name] != .text {
            let column = try reference.column(name)
            guard let numbers = column.numbers else {
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
        engine = try RowsEngines.prepare(spec, reference: Self.matrix(of: reference, usable), threshold: threshold)
    }

    func evaluate(_ current: Table) throws(MartletError) -> DetectorReport {
        for name in columns {
            guard let column = current[name] else {
                return undecided("insufficient data: the current table has no column '\(name)'.")
            }
            guard let numbers = column.numbers else {
                return undecided("insufficient data: the current column '\(name)' holds text where numbers were.")
            }
            guard numbers.contains(where: \.isFinite) else {
                return undecided("insufficient data: the current column '\(name)' has no finite value.")
            }
        }
        do {
            let result = try engine.test(try Self.matrix(of: current, columns))
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

    private static func matrix(of table: Table, _ names: [String]) throws(MartletError) -> SampleMatrix {
        let elements = try table.matrix(of: names)
        do { return try SampleMatrix(names: names, elements: elements) } catch { throw MartletError.wrapping(error) }
    }
}
