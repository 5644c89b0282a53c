import Core
import Performance
import Statistics

/// The predictions of one version, read as classes or as numbers.
struct VersionRows: Sendable {
    /// What the model predicts.
    enum Kind: Sendable, Equatable {
        /// Classes; with the model's own names where they are known.
        case classes([String])
        /// Numbers.
        case numbers
    }

    let rows: [PerformanceRow]
    let kind: Kind
    let features: [String]

    /// Different numbers from which predictions without known classes are values.
    private static let distinctNumbers = 20

    init(_ rows: [PerformanceRow], model: PerformanceModel?) {
        self.rows = rows
        features = model?.features ?? []
        if let classes = model?.classes {
            kind = classes.isEmpty ? .numbers : .classes(classes)
        } else {
            let distinct = Set(rows.map(\.prediction))
            let areNumbers = distinct.count > Self.distinctNumbers && distinct.allSatisfy { Double($0) != nil }
            kind = areNumbers ? .numbers : .classes([])
        }
    }

    private init(_ rows: [PerformanceRow], _ kind: Kind, _ features: [String]) {
        self.rows = rows
        self.kind = kind
        self.features = features
    }

    /// The same reading of other rows.
    func with(_ rows: [PerformanceRow]) -> VersionRows { VersionRows(rows, kind, features) }

    /// The rows whose label has come.
    var labelled: VersionRows { with(rows.filter { $0.label != nil }) }

    /// Rows by the start of their bucket, in order of time.
    func buckets(of length: Duration) -> [(start: Timestamp, rows: VersionRows)] {
        let width = max(1, length.wholeMilliseconds)
        let groups = Dictionary(grouping: rows) { row in
            let past = row.at.milliseconds % width
            return row.at.milliseconds - (past < 0 ? past + width : past)
        }
        return groups.sorted { $0.key < $1.key }.map { (Timestamp(milliseconds: $0.key), with($0.value)) }
    }

    private func scores(_ classes: [String]) -> ClassificationRows.Scores {
        // Whose probability a score is can be told only of a model whose classes are known.
        guard !classes.isEmpty else { return .none }
        let values = rows.map(\.score)
        return classes.count == 2 ? .positive(values) : .predicted(values)
    }

    /// The rows with labels as a classifier's.
    func classification(_ classes: [String]) throws(MartletError) -> ClassificationRows {
        let labelled = labelled
        return try ClassificationRows(
            labels: labelled.rows.map(\.label),
            predictions: labelled.rows.map(\.prediction),
            scores: labelled.scores(classes),
            classes: classes
        )
    }

    /// All rows as a classifier's, whose labels do not count.
    func scored(_ classes: [String]) throws(MartletError) -> ScoredRows {
        try ScoredRows(predictions: rows.map(\.prediction), scores: scores(classes), classes: classes)
    }

    /// The predicted values.
    var predictions: [Double] { rows.map { Double($0.prediction) ?? $0.score } }

    /// The true values; NaN where none has come.
    var truths: [Double] { rows.map { $0.label.flatMap(Double.init) ?? .nan } }

    /// The features as a matrix; nil when rows differ in width or have none.
    var matrix: SampleMatrix? {
        let width = rows.first?.features.count ?? 0
        guard width > 0, rows.allSatisfy({ $0.features.count == width }) else { return nil }
        let names = features.count == width ? features : (0..<width).map { "f\($0)" }
        return try? SampleMatrix(names: names, elements: rows.flatMap(\.features))
    }

    /// The metrics on the rows with labels.
    func realised() throws(MartletError) -> [MetricValue] {
        switch kind {
        case .classes(let classes): ClassificationPerformance(try classification(classes)).metrics
        case .numbers: try RegressionPerformance(truths: truths, predictions: predictions).metrics
        }
    }

    /// Everything that is known of the rows with labels.
    func report() throws(MartletError) -> JSONValue {
        switch kind {
        case .classes(let classes): ClassificationPerformance(try classification(classes)).json
        case .numbers: try RegressionPerformance(truths: truths, predictions: predictions).json
        }
    }

    /// One column of what was said, or of what is true, for a comparison of distributions.
    func column(_ name: String, of value: (PerformanceRow) -> String?) throws(MartletError) -> Table {
        let texts = rows.compactMap(value)
        let values: Column.Values =
            kind == .numbers ? .numbers(texts.map { Double($0) ?? .nan }) : .strings(texts.map { $0 })
        return try Table(columns: [Column(name: name, values: values)])
    }
}
