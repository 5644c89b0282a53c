import Core

/// A table of which metrics are computed.
struct MeasuredTable {
    let profile: QualityProfile
    private let scans: [ColumnScan]
    private let places: [String: Int]

    init(_ table: Table) throws(MartletError) {
        scans = try QualityProfile.scans(table)
        profile = QualityProfile(table, scans, correlations: false)
        places = Dictionary(table.columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Computes a metric; what cannot be computed is said in words that name the column.
    func figure(_ metric: QualityMetric) -> QualityFigure {
        guard let name = metric.column else { return tableFigure(metric.name) }
        guard let scan = scan(name) else { return unknown(column: name) }
        let column = scan.profile
        switch metric.name {
        case .missing: return .count(column.missing, share: column.missingShare)
        case .infinite: return .count(column.infinities, share: share(column.infinities, column))
        case .type: return .text(column.type.rawValue)
        case .distinct: return .count(column.distinct, share: column.distinctShare)
        case .mostCommon: return .count(column.common.first?.count ?? 0, share: column.mostCommonShare)
        case .inRange, .outRange, .inList, .outList, .categories, .unique: return counted(metric, scan)
        case .minimumLength, .maximumLength, .meanLength: return length(metric.name, column)
        case .correlation: return correlation(metric, scan)
        default: return number(metric, scan)
        }
    }

    private func scan(_ name: String) -> ColumnScan? { places[name].map { scans[$0] } }

    private func unknown(column: String) -> QualityFigure {
        let known = scans.prefix(20).map(\.profile.name).joined(separator: ", ")
        return .unknown("There is no column '\(column)'; the data has \(known.isEmpty ? "no columns" : known).")
    }

    private func tableFigure(_ name: QualityMetric.Name) -> QualityFigure {
        let rows = profile.rowCount
        let share = { (count: Int) in rows > 0 ? Double(count) / Double(rows) : nil }
        return switch name {
        case .rowCount: .number(Double(rows))
        case .columnCount: .number(Double(profile.columns.count))
        case .duplicatedRows: .number(Double(profile.duplicatedRows))
        case .duplicatedColumns: .number(Double(profile.duplicatedColumns))
        case .constantColumns: .number(Double(profile.constantColumns))
        case .almostConstantColumns: .number(Double(profile.almostConstantColumns))
        case .emptyRows: .number(Double(profile.emptyRows))
        case .emptyColumns: .number(Double(profile.emptyColumns))
        // Evidently divides by rows, not by cells.
        case .datasetMissing: .count(profile.missing, share: share(profile.missing))
        case .infinite: .count(profile.infinities, share: share(profile.infinities))
        default: .unknown("\(name.rawValue) is of a column.")
        }
    }

    private func share(_ count: Int, _ column: ColumnProfile) -> Double? {
        column.present > 0 ? Double(count) / Double(column.present) : nil
    }

    // MARK: Numbers

    private func number(_ metric: QualityMetric, _ scan: ColumnScan) -> QualityFigure {
        guard let numbers = scan.profile.numbers, case .numbers(_, _, let ascending) = scan.values else {
            return .unknown(Self.noNumbers(scan.profile))
        }
        let value: Double? =
            switch metric.name {
            case .minimum: numbers.minimum
            case .maximum: numbers.maximum
            case .mean: numbers.mean
            case .deviation: numbers.deviation
            case .median: numbers.median
            case .sum: numbers.sum
            default: NumberSummary.quantile(metric.quantile ?? 0.5, ofAscending: ascending)
            }
        guard let value else {
            return .unknown("The column '\(scan.profile.name)' has a single number; a standard deviation needs two.")
        }
        guard value.isFinite else {
            return .unknown(
                "The numbers of the column '\(scan.profile.name)' are too large for \(metric.name.rawValue)."
            )
        }
        return .number(value)
    }

    /// Why a column has no figures of numbers.
    private static func noNumbers(_ column: ColumnProfile) -> String {
        if let texts = column.texts {
            let other = texts.firstOther.map { ", the first is '\(excerpt($0))'" } ?? ""
            return
                "The column '\(column.name)' holds text: \(column.present - texts.numeric) of its \(column.present) values are no numbers\(other)."
        }
        if column.infinities > 0 { return "The column '\(column.name)' has no finite numbers." }
        return "The column '\(column.name)' has no values in \(column.rows) rows."
    }

    private static func excerpt(_ text: String) -> String {
        text.unicodeScalars.count > 40 ? String(text.unicodeScalars.prefix(40)) + "…" : text
    }

    private func length(_ name: QualityMetric.Name, _ column: ColumnProfile) -> QualityFigure {
        guard let texts = column.texts else {
            let reason = column.isEmpty ? "has no values in \(column.rows) rows" : "holds numbers, not text"
            return .unknown("The column '\(column.name)' \(reason).")
        }
        return switch name {
        case .minimumLength: .number(Double(texts.minimumLength))
        case .maximumLength: .number(Double(texts.maximumLength))
        default: .number(texts.meanLength)
        }
    }

    // MARK: Counts

    private func counted(_ metric: QualityMetric, _ scan: ColumnScan) -> QualityFigure {
        let column = scan.profile
        switch metric.name {
        case .inRange, .outRange:
            guard let range = metric.range else { return .unknown("A range needs both ends.") }
            guard case .numbers(_, _, let ascending) = scan.values else { return .unknown(Self.noNumbers(column)) }
            let inside = Self.places(of: range, in: ascending).count
            let count = metric.name == .inRange ? inside : column.present - inside
            return .count(count, share: share(count, column))
        case .unique:
            let count = Self.rows(of: metric.values, in: scan)
            return .count(count, share: column.rows > 0 ? Double(count) / Double(column.rows) : nil)
        default:
            let listed = Self.rows(of: metric.values, in: scan)
            let count = metric.name == .outList ? column.present - listed : listed
            return .count(count, share: share(count, column))
        }
    }

    /// Where ascending numbers lie in a range, both ends included.
    private static func places(of range: ClosedRange<Double>, in ascending: [Double]) -> Range<Int> {
        let lower = ascending.partition { $0 >= range.lowerBound }
        let upper = ascending.partition { $0 > range.upperBound }
        return lower..<max(lower, upper)
    }

    /// How many rows have one of the values.
    private static func rows(of labels: [QualityLabel], in scan: ColumnScan) -> Int {
        switch scan.values {
        case .numbers(_, _, let ascending):
            let numbers = Set(labels.compactMap(\.number).map { $0 + 0 })
            return numbers.reduce(0) { $0 + places(of: $1...$1, in: ascending).count }
        case .texts(let codes):
            let texts = Set(labels.map(\.text))
            return zip(codes.categories, codes.counts).reduce(0) { texts.contains($1.0) ? $0 + $1.1 : $0 }
        }
    }

    // MARK: Pairs

    private func correlation(_ metric: QualityMetric, _ scan: ColumnScan) -> QualityFigure {
        let name = metric.other ?? ""
        guard let other = self.scan(name) else { return unknown(column: name) }
        let value: Double?
        switch (scan.values, other.values, metric.method) {
        case (.numbers(let left, let leftOrder, _), .numbers(let right, let rightOrder, _), .pearson?),
            (.numbers(let left, let leftOrder, _), .numbers(let right, let rightOrder, _), nil):
            value = NumberPairs([(left, leftOrder), (right, rightOrder)]).pearson()[1]
        case (.numbers(let left, let leftOrder, _), .numbers(let right, let rightOrder, _), .spearman?):
            value = NumberPairs([(left, leftOrder), (right, rightOrder)]).spearman()[1]
        case (.texts(let left), .texts(let right), .cramerV?), (.texts(let left), .texts(let right), nil):
            value = CramersV.value(left, right)
        default:
            return .unknown(
                "The columns '\(scan.profile.name)' (\(scan.profile.type.rawValue)) and '\(name)' (\(other.profile.type.rawValue)) "
                    + "have no \(metric.method?.rawValue ?? "common") correlation: pearson and spearman are of numbers, cramer_v is of texts."
            )
        }
        guard let value else {
            return .unknown(
                "The columns '\(scan.profile.name)' and '\(name)' have no correlation: one is constant where both have values."
            )
        }
        return .number(value)
    }
}

extension [Double] {
    /// The first place from which on a condition holds, in an array where it holds from some place on.
    fileprivate func partition(_ holds: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension QualityLabel {
    /// The label as a number, if it is one.
    var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        case .text(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }
}
