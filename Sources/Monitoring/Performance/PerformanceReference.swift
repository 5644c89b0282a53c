import Core
import Performance

/// Labelled predictions that later ones are compared with.
struct PerformanceReference: Sendable, Equatable {
    /// Where they come from.
    enum Origin: String, Sendable {
        /// They came with the model version.
        case version
        /// They are the first labelled predictions of the version.
        case predictions
    }

    let origin: Origin
    let rows: [PerformanceRow]
    /// What is known of the model, which may be gone when the reference is read again.
    let model: PerformanceModel

    /// The rows that came with a version, when they hold truth and prediction; nil otherwise.
    ///
    /// The truth is the column `target` or `label`, the prediction `prediction`, the score `score` or `probability`.
    static func shipped(with model: PerformanceModel, version: Int, limit: Int) -> PerformanceReference? {
        guard let table = model.reference,
            let truth = ["target", "label"].compactMap({ table[$0] }).first, let prediction = table["prediction"]
        else { return nil }
        let scores = ["score", "probability"].compactMap { table[$0]?.numbers }.first
        let columns = model.features.map { table[$0]?.numbers }
        let (truths, predictions) = (texts(truth), texts(prediction))
        let rows = truths.indices.suffix(limit).compactMap { index -> PerformanceRow? in
            guard let label = truths[index], let said = predictions[index] else { return nil }
            return PerformanceRow(
                version: version,
                at: Timestamp(milliseconds: 0),
                features: columns.map { $0.map { Float($0[index]) } ?? .nan },
                prediction: said,
                score: scores?[index] ?? Double(said) ?? .nan,
                label: label
            )
        }
        guard rows.count >= fewestRows else { return nil }
        return PerformanceReference(origin: .version, rows: rows, model: VersionRows(rows, model: model).model)
    }

    private static let fewestRows = 20

    private static func texts(_ column: Column) -> [String?] {
        switch column.values {
        case .strings(let values): values
        case .integers(let values): values.map { $0.map(String.init) }
        case .numbers(let values):
            values.map { value in
                guard value.isFinite else { return nil }
                return Int(exactly: value).map(String.init) ?? value.description
            }
        }
    }

    /// The reference as it is stored; features only as far as `MonitoredPerformanceLimits.referenceElements` allows.
    var json: JSONValue {
        let width = rows.first?.features.count ?? 0
        let keeps = rows.count * width <= MonitoredPerformanceLimits.referenceElements
        return [
            "origin": .string(origin.rawValue),
            "classes": model.classes.map { .array($0.map(JSONValue.string)) } ?? .null,
            "features": .array(model.features.map(JSONValue.string)), "score": .string(model.score.rawValue),
            "rows": .array(
                rows.map { row in
                    [
                        .string(row.prediction), .number(row.score), .optional(row.label),
                        .array(keeps ? row.features.map { $0.isFinite ? .number(Double($0)) : .null } : []),
                        .integer(row.at.milliseconds),
                    ]
                }
            ),
        ]
    }

    init(origin: Origin, rows: [PerformanceRow], model: PerformanceModel) {
        self.origin = origin
        self.rows = rows
        self.model = model
    }

    /// Reads a stored reference.
    init(_ value: JSONValue, version: Int) throws(MartletError) {
        let fields = try JSONFields(value)
        let damaged = MartletError(.dataLoss, "The stored reference of version \(version) cannot be read.")
        guard let origin = Origin(rawValue: try fields.string("origin")),
            let score = PerformanceModel.Score(rawValue: try fields.string("score"))
        else { throw damaged }
        let classes = value["classes"] == .null ? nil : try fields.strings("classes")
        let model = PerformanceModel(classes: classes, features: try fields.strings("features"), score: score)
        var rows: [PerformanceRow] = []
        for item in try fields.array("rows") {
            guard let parts = item.arrayValue, parts.count == 5, let prediction = parts[0].stringValue,
                let features = parts[3].arrayValue, let at = parts[4].integerValue
            else { throw damaged }
            rows.append(
                PerformanceRow(
                    version: version,
                    at: Timestamp(milliseconds: at),
                    features: features.map { Float($0.doubleValue ?? .nan) },
                    prediction: prediction,
                    score: parts[1].doubleValue ?? .nan,
                    label: parts[2].stringValue
                )
            )
        }
        self.init(origin: origin, rows: rows, model: model)
    }
}
