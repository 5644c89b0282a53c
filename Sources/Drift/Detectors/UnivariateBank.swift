import Core
import Statistics

/// A test for each column, each prepared on the reference once.
struct UnivariateBank: Detector {
    let kind: DetectorKind
    let columns: [String]
    private let spec: DetectorSpec
    private let entries: [ColumnTest]
    private let referenceRows: Int

    /// Columns with so many rows on both sides are compared on all cores.
    private static let largeRows = 2_000

    /// Prepares the columns that the specification asks for and can compare.
    init(spec: DetectorSpec, reference: Table, kinds: ColumnKinds, names: [String]) throws(MartletError) {
        var chosen: [(Column, ColumnKind)] = []
        for name in names {
            let column = try reference.column(name)
            guard let kind = kinds[name] else { continue }
            if Self.takes(kind, spec, isNamed: spec.columns.contains(name) || spec.methods[name] != nil) {
                chosen.append((column, kind))
            }
        }
        guard !chosen.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: the reference has no column that \(spec.kind.rawValue) can compare."
            )
        }
        let pairs = chosen
        let prepared = concurrentMap(pairs.count, isLarge: reference.rowCount > Self.largeRows) { index in
            Result { () throws(MartletError) in
                let name = pairs[index].0.name
                return try ColumnTest(
                    pairs[index].0,
                    as: pairs[index].1,
                    choice: spec.choice(for: pairs[index]),
                    isNamed: spec.columns.contains(name) || spec.methods[name] != nil
                )
            }
        }
        var entries: [ColumnTest] = []
        for result in prepared { entries.append(try result.get()) }
        self.entries = entries
        self.spec = spec
        kind = spec.kind
        columns = entries.map(\.name)
        referenceRows = reference.rowCount
    }

    /// Whether the detector compares columns of a kind; named columns are always tried.
    private static func takes(_ kind: ColumnKind, _ spec: DetectorSpec, isNamed: Bool) -> Bool {
        isNamed || spec.kind.takes(kind)
    }

    func evaluate(_ current: Table) throws(MartletError) -> DetectorReport {
        let entries = entries
        let isLarge = min(referenceRows, current.rowCount) > Self.largeRows
        let compared = concurrentMap(entries.count, isLarge: isLarge) { index in
            Result { () throws(MartletError) in try entries[index].compare(current[entries[index].name]) }
        }
        var features: [FeatureDrift] = []
        for result in compared { features.append(try result.get()) }
        return try BankVerdict(spec).report(kind: kind, features)
    }
}

extension DetectorSpec {
    /// The method and bound of one column.
    fileprivate func choice(for pair: (Column, ColumnKind)) -> Method {
        let own = methods[pair.0.name] ?? kindMethods[pair.1] ?? Method(kind)
        let resolved = own.kind == .automatic ? kind : own.kind
        return Method(resolved, threshold: own.threshold ?? threshold)
    }
}
