import Core
import Storage

/// What came of dividing a dataset.
package struct SplitReport: Sendable, Equatable {
    /// The division that was made.
    package let spec: SplitSpec
    /// Rows of each part, in the order of the parts.
    package let counts: [Int]
    /// All rows.
    package let rows: Int
    /// The dataset's content version.
    package let version: String
}

extension DatasetStore {
    /// Writes a part's name to every row.
    ///
    /// - Parameters:
    ///   - name: The dataset.
    ///   - given: The division; nil is the one that the dataset declares, by its target where it says nothing else.
    /// - Returns: How many rows each part has.
    /// - Throws: `notFound`, `invalidArgument` for a column that is not there, `failedPrecondition` without rows.
    package func split(_ name: String, by given: SplitSpec? = nil) async throws -> SplitReport {
        let declared = try await spec(name)
        guard let plan = given ?? declared.split else {
            throw MartletError(
                .invalidArgument,
                "The dataset '\(name)' declares no 'split'; give shares, such as train: 0.6, validation: 0.2, test: 0.2."
            )
        }
        let isPlain = plan.stratify == nil && plan.group == nil && plan.time == nil
        let spec = SplitSpec(
            parts: plan.parts,
            stratify: plan.stratify
                ?? (isPlain ? declared.target.flatMap { $0.classes.isEmpty ? nil : $0.column } : nil),
            group: plan.group,
            time: plan.time,
            seed: plan.seed
        )
        let names = [spec.stratify, spec.group, spec.time].compactMap(\.self)
        let (ids, table, version) = try await database.read { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            let (ids, table) = try RowReader(record: record, connection: connection).columns(names)
            return (ids, table, record.version ?? "")
        }
        let assignment = try await BlockingWork.run { try RowDivision.assign(spec, table, count: ids.count) }
        var rows = [[Int64]](repeating: [], count: spec.parts.count)
        for (row, part) in assignment.enumerated() { rows[part].append(ids[row]) }
        try await assignSplit(name, parts: zip(spec.parts.map(\.name), rows).map { ($0, $1) })
        return SplitReport(spec: spec, counts: rows.map(\.count), rows: ids.count, version: version)
    }
}
