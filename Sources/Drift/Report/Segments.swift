import Core

/// Splits two tables by the values of a column and compares each part.
struct Segments {
    private let name: String
    private let spec: DetectorSpec

    init(_ name: String, spec: DetectorSpec, kinds: ColumnKinds) {
        self.name = name
        var spec = spec
        spec.ignored.append(name)
        // Kinds and therefore methods are those of the whole table, however few values a segment has.
        spec.kinds = kinds.kinds
        self.spec = spec
    }

    /// The segments, the largest first, at most `DriftLimits.segments`.
    func compare(reference: Table, current: Table) throws(MartletError) -> [DriftReport.Segment] {
        let past = rows(of: try reference.column(name))
        let present = current[name].map { rows(of: $0) } ?? [:]
        let sizes = past.mapValues(\.count).merging(present.mapValues(\.count), uniquingKeysWith: +)
        let ordered = sizes.sorted { ($1.value, $0.key ?? "") < ($0.value, $1.key ?? "") }
        var segments: [DriftReport.Segment] = []
        for (value, _) in ordered.prefix(DriftLimits.segments) {
            let before = try reference.selecting(past[value] ?? [])
            let now = try current.selecting(present[value] ?? [])
            segments.append(
                DriftReport.Segment(
                    name: value,
                    referenceRows: before.rowCount,
                    currentRows: now.rowCount,
                    columns: try report(before, now)
                )
            )
        }
        return segments
    }

    private func report(_ before: Table, _ now: Table) throws(MartletError) -> DetectorReport {
        guard before.rowCount > 0, now.rowCount > 0 else {
            let side = before.rowCount == 0 ? "reference" : "current data"
            return DetectorReport(
                kind: spec.kind,
                threshold: spec.driftShare,
                reason: "insufficient data: the \(side) has no rows of this segment."
            )
        }
        var timings = DriftReport.Timings()
        return try DriftReport.evaluate(safe(for: before), reference: before, current: now, &timings)
    }

    /// The specification without kinds that the segment's own values contradict.
    private func safe(for segment: Table) -> DetectorSpec {
        var spec = spec
        for column in segment.columns where spec.kinds[column.name] == .numeric {
            if case .strings = column.values, column.numbers == nil, ColumnSample(column, as: .numeric).count == 0 {
                spec.kinds[column.name] = nil
            }
        }
        return spec
    }

    private func rows(of column: Column) -> [String?: [Int]] {
        var rows: [String?: [Int]] = [:]
        switch column.values {
        case .numbers(let values):
            for (row, value) in values.enumerated() {
                rows[value.isNaN ? nil : ColumnSample.name(value), default: []].append(row)
            }
        case .integers(let values):
            for (row, value) in values.enumerated() { rows[value.map { String($0) }, default: []].append(row) }
        case .strings(let values):
            for (row, value) in values.enumerated() { rows[value, default: []].append(row) }
        }
        return rows
    }
}
