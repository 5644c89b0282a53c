package import Core
import Statistics

/// Everything that changed between two tables: columns one by one, whole rows, the data itself, segments.
package struct DriftReport: Sendable {
    /// What the report says in one word.
    package enum Verdict: String, Sendable, CaseIterable {
        /// A detector rejects, or an event about the data counts as drift.
        case drift
        /// Nothing of the kind.
        case noDrift = "no_drift"
        /// Nothing could be compared.
        case insufficientData = "insufficient_data"
    }

    /// What a column is to the model.
    package enum Role: String, Sendable, CaseIterable {
        /// An input.
        case feature
        /// The label.
        case target
        /// The output.
        case prediction
    }

    /// One column of both tables.
    package struct Feature: Sendable, Equatable {
        /// What compared it and what came out.
        package let drift: FeatureDrift
        /// What it holds.
        package let kind: ColumnKind
        /// What it is to the model.
        package let role: Role
        /// Whether the method was chosen by kind and size.
        package let isAutomatic: Bool
        /// The reference in numbers.
        package let reference: ColumnSummary
        /// The current rows in numbers; nil for a column that is gone.
        package let current: ColumnSummary?
        /// How the values are spread on both sides.
        package let distribution: PairedDistribution
    }

    /// The rows of both tables that share a value of the segment column.
    package struct Segment: Sendable, Equatable {
        /// The value; nil for rows without one.
        package let name: String?
        /// Rows of the reference.
        package let referenceRows: Int
        /// Current rows.
        package let currentRows: Int
        /// The test of each column among these rows.
        package let columns: DetectorReport
    }

    /// How the tables were compared.
    package let options: DriftOptions
    /// Rows of the reference.
    package let referenceRows: Int
    /// Columns of the reference.
    package let referenceColumns: Int
    /// Current rows.
    package let currentRows: Int
    /// Current columns.
    package let currentColumns: Int
    /// The test of each column, with the share of drifted ones.
    package let columns: DetectorReport
    /// The further detectors, in the order asked for.
    package let detectors: [DetectorReport]
    /// The columns of the reference in order.
    package let features: [Feature]
    /// What happened to the data itself.
    package let events: [DataEvent]
    /// The segments, the largest first; empty without a segment column.
    package let segments: [Segment]
    /// Why nothing could be compared; nil otherwise.
    package let reason: String?
    /// How long the parts took.
    package let timings: Timings

    /// How long the parts of a comparison took.
    package struct Timings: Sendable, Equatable {
        /// Preparing the detectors on the reference.
        package internal(set) var prepare: Duration = .zero
        /// Comparing the current rows.
        package internal(set) var detect: Duration = .zero
        /// Events, summaries, distributions and segments.
        package internal(set) var describe: Duration = .zero
    }

    /// Compares two tables.
    ///
    /// - Parameters:
    ///   - reference: The rows that are taken as normal.
    ///   - current: The rows to judge.
    ///   - options: Detectors, thresholds and columns with a meaning.
    /// - Throws: `invalidArgument` naming a column or setting that cannot be, `payloadTooLarge` past a limit. Data that cannot
    ///   be judged is no error but the verdict `insufficient data`.
    package init(
        reference: Table,
        current: Table,
        options: DriftOptions = DriftOptions()
    ) throws(MartletError) {
        self.options = options
        referenceRows = reference.rowCount
        referenceColumns = reference.columns.count
        currentRows = current.rowCount
        currentColumns = current.columns.count
        let kinds = try ColumnKinds.infer(reference: reference, overrides: options.columns.kinds)
        for name in [options.segment, options.target, options.prediction].compactMap(\.self) {
            _ = try reference.column(name)
        }
        var timings = Timings()
        // A test of one column does not ask for the order of its values, and sorted ones serve everything else here.
        let (past, present) = (SortedColumns.of(reference), SortedColumns.of(current))
        columns = try Self.evaluate(options.columns, reference: past, current: present, &timings)
        var reports: [DetectorReport] = []
        for spec in options.detectors {
            reports.append(try Self.evaluate(spec, reference: reference, current: current, &timings))
        }
        detectors = reports
        let clock = ContinuousClock()
        let start = clock.now
        var eventOptions = options.events
        eventOptions.ignoredColumns.formUnion(options.columns.ignored)
        events = DataEvent.find(reference: past, current: present, kinds: kinds, options: eventOptions)
        features = Self.features(columns, reference: past, current: present, kinds: kinds, options: options)
        segments =
            try options.segment.map { name throws(MartletError) in
                try Segments(name, spec: options.columns, kinds: kinds).compare(reference: reference, current: current)
            } ?? []
        timings.describe = clock.now - start
        self.timings = timings
        let known = Set(current.columns.map(\.name))
        if reference.rowCount == 0 || current.rowCount == 0 {
            reason = "insufficient data: the \(reference.rowCount == 0 ? "reference" : "current data") has no rows."
        } else if !reference.columns.contains(where: { known.contains($0.name) }) {
            let (past, present) = (Self.list(reference), Self.list(current))
            reason = "insufficient data: no common columns; the reference has \(past), the current data \(present)."
        } else if ([columns] + reports).allSatisfy({ $0.drifted == nil }) {
            reason = columns.reason ?? "insufficient data: no column could be compared."
        } else {
            reason = nil
        }
    }

    /// What the report says in one word.
    package var verdict: Verdict {
        let hasRows = referenceRows > 0 && currentRows > 0 && features.contains { $0.current != nil }
        if hasRows, ([columns] + detectors).contains(where: { $0.drifted == true }) || !driftEvents.isEmpty {
            return .drift
        }
        return reason == nil ? .noDrift : .insufficientData
    }

    /// The events that count as drift.
    package var driftEvents: [DataEvent] { events.filter { $0.severity == .drift } }

    /// Columns with a verdict.
    package var decidedColumns: Int { columns.features.count { $0.drifted != nil } }

    /// Columns that drifted.
    package var driftedColumns: Int { columns.features.count { $0.drifted == true } }

    /// The share of the columns with a verdict that drifted; 0 without any.
    package var driftedShare: Double {
        decidedColumns > 0 ? Double(driftedColumns) / Double(decidedColumns) : 0
    }

    private static func list(_ table: Table) -> String {
        let names = table.columns.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ")
        return names.isEmpty ? "none" : table.columns.count > 5 ? names + ", …" : names
    }

    /// What a detector says; a reference that cannot support it is a verdict, not an error.
    static func evaluate(
        _ spec: DetectorSpec,
        reference: Table,
        current: Table,
        _ timings: inout Timings
    ) throws(MartletError) -> DetectorReport {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let detector = try spec.prepare(reference: reference)
            let prepared = clock.now
            timings.prepare += prepared - start
            let report = try detector.evaluate(current)
            timings.detect += clock.now - prepared
            return report
        } catch {
            guard error.code == .failedPrecondition else { throw error }
            let text = error.message
            return DetectorReport(
                kind: spec.kind,
                threshold: spec.kind.isPerColumn
                    ? spec.driftShare : spec.threshold ?? RowsEngines.defaultThreshold(of: spec.kind),
                reason: text.hasPrefix("insufficient data") ? text : "insufficient data: \(text)"
            )
        }
    }

    private static func features(
        _ report: DetectorReport,
        reference: Table,
        current: Table,
        kinds: ColumnKinds,
        options: DriftOptions
    ) -> [Feature] {
        let past = Dictionary(reference.columns.map { ($0.name, $0) }) { first, _ in first }
        let present = Dictionary(current.columns.map { ($0.name, $0) }) { first, _ in first }
        let isLarge = reference.rowCount + current.rowCount > 4_000
        let drifts = report.features
        return concurrentMap(drifts.count, isLarge: isLarge) { index -> Feature? in
            let drift = drifts[index]
            guard let column = past[drift.name], let kind = kinds[drift.name] else { return nil }
            let before = ColumnSample(column, as: kind)
            let beforeSide = ColumnSide(before, as: kind)
            let now = present[drift.name].map { ColumnSample($0, as: kind) }
            let nowSide = now.map { ColumnSide($0, as: kind) }
            let own = options.columns.methods[drift.name] ?? options.columns.kindMethods[kind]
            return Feature(
                drift: drift,
                kind: kind,
                role: drift.name == options.target
                    ? .target : drift.name == options.prediction ? .prediction : .feature,
                isAutomatic: (own?.kind ?? options.columns.kind) == .automatic && options.columns.kind == .automatic,
                reference: ColumnSummary(before, side: beforeSide),
                current: now.flatMap { sample in nowSide.map { ColumnSummary(sample, side: $0) } },
                distribution: PairedDistribution(beforeSide, nowSide ?? ColumnSide.none(like: beforeSide))
            )
        }.compactMap(\.self)
    }
}

extension ColumnSide {
    /// A side without values.
    static func none(like side: ColumnSide) -> ColumnSide {
        switch side {
        case .numbers: .numbers([])
        case .categories: .categories([:])
        case .text: .text([:], lengths: [])
        }
    }
}
