package import Core
package import Drift
import Ledger
import Statistics

/// One look at whether rows still are like a reference sample: a pure function, valid over any number of looks.
package enum DriftLook {
    /// Chance that traffic like the reference is ever called drifted during one rollout.
    package static let falseAlarmRate = 0.01

    /// The part of `falseAlarmRate` that the `look`-th look may spend, from 1: the parts of all looks sum to it.
    package static func threshold(look: Int) -> Double { falseAlarmRate / (Double(look) * Double(look + 1)) }

    /// Compares rows with a reference, column by column: Kolmogorov–Smirnov, corrected by Bonferroni.
    ///
    /// - Parameters:
    ///   - reference: the sample that came with the version.
    ///   - names: the columns of the rows.
    ///   - rows: rows that no look before has seen.
    ///   - look: which look it is, from 1.
    /// - Returns: the report.
    /// - Throws: `failedPrecondition` when the sample has no column of numbers.
    package static func compare(
        _ reference: Table,
        _ names: [String],
        _ rows: [[Float]],
        look: Int
    ) throws(MartletError) -> Drift.DetectorReport {
        var before: [Column] = []
        var now: [Column] = []
        for (position, name) in names.enumerated() {
            guard let numbers = reference[name]?.numbers else { continue }
            before.append(Column(name: name, values: .numbers(numbers)))
            now.append(Column(name: name, values: .numbers(rows.map { LedgerRecord.shortest($0[position]) })))
        }
        guard !before.isEmpty else {
            throw MartletError(.failedPrecondition, "The reference sample has no column of numbers.")
        }
        var spec = DetectorSpec(.univariate(.kolmogorovSmirnov))
        spec.correction = .bonferroni
        spec.threshold = threshold(look: look)
        spec.kinds = Dictionary(before.map { ($0.name, .numeric) }) { first, _ in first }
        return try spec.prepare(reference: Table(columns: before)).evaluate(Table(columns: now))
    }
}
