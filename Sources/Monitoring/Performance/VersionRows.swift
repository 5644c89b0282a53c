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
    let score: PerformanceModel.Score

    /// Different numbers from which predictions without known classes are values.
    private static let distinctNumbers = 20

    init(_ rows: [PerformanceRow], model: PerformanceModel?) {
        features = model?.features ?? []
        // A model that nobody gave class names answers with a number, though its labels are two classes.
        let isUnnamed = model?.classes?.isEmpty == true && Self.areProbabilities(rows)
        score = isUnnamed ? .probability : model?.score ?? .none
        if isUnnamed {
            kind = .classes(["0", "1"])
        } else if let classes = model?.classes {
            kind = classes.isEmpty ? .numbers : .classes(classes)
        } else {
            let distinct = Set(rows.map(\.prediction))
            let areNumbers = distinct.count > Self.distinctNumbers && distinct.allSatisfy { Double($0) != nil }
            kind = areNumbers ? .numbers : .classes([])
        }
        self.rows = rows
    }

    private init(_ rows: [PerformanceRow], like other: VersionRows) {
        (kind, features, score) = (other.kind, other.features, other.score)
        self.rows = rows
    }

    /// What was read here of the model.
    var model: PerformanceModel {
        let classes: [String] = if case .classes(let names) = kind { names } else { [] }
        return PerformanceModel(
            classes: kind == .classes([]) ? nil : classes,
            features: features,
            score: score
        )
    }

    /// Whether labels are 0 and 1, both of them, and predictions the probability of 1.
    private static func areProbabilities(_ rows: [PerformanceRow]) -> Bool {
        Set(rows.compactMap { $0.label.map(canonical) }) == ["0", "1"]
            && rows.allSatisfy { row in Double(row.prediction).map { (0...1).contains($0) } ?? false }
    }

    /// The class that a row was predicted to be.
    private func said(_ row: PerformanceRow) -> String {
        score == .probability ? (row.score >= 0.5 ? "1" : "0") : Self.canonical(row.prediction)
    }

    /// A class by its index in digits, however its label was written: 1.0 is 1.
    private static func canonical(_ text: String) -> String {
        guard text.hasSuffix(".0"), let number = Double(text), let whole = Int(exactly: number) else { return text }
        return String(whole)
    }

    /// The same reading of other rows.
    func with(_ rows: [PerformanceRow]) -> VersionRows { VersionRows(rows, like: self) }

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
        return switch score {
        case .positive, .probability: classes.count == 2 ? .positive(values) : .none
        case .predicted: .predicted(values)
        case .none: .none
        }
    }

    /// The rows with labels as a classifier's.
    func classification(_ classes: [String]) throws(MartletError) -> ClassificationRows {
        let labelled = labelled
        return try ClassificationRows(
            labels: labelled.rows.map { $0.label.map(Self.canonical) },
            predictions: labelled.rows.map(said),
            scores: labelled.scores(classes),
            classes: classes
        )
    }

    /// All rows as a classifier's, whose labels do not count.
    func scored(_ classes: [String]) throws(MartletError) -> ScoredRows {
        try ScoredRows(
            predictions: rows.map(said),
            scores: scores(classes),
            classes: classes
        )
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

    /// What was said, for a comparison of distributions.
    func predictionColumn() throws(MartletError) -> Table {
        try column("prediction") { kind == .numbers ? $0.prediction : said($0) }
    }

    /// What is true as far as it is known, for a comparison of distributions.
    func targetColumn() throws(MartletError) -> Table {
        try column("target") { $0.label }
    }

    private func column(_ name: String, of value: (PerformanceRow) -> String?) throws(MartletError) -> Table {
        let texts = rows.compactMap(value)
        let values: Column.Values =
            kind == .numbers ? .numbers(texts.map { Double($0) ?? .nan }) : .strings(texts.map(Self.canonical))
        return try Table(columns: [Column(name: name, values: values)])
    }
}
