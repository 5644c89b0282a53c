package import Core

/// A served row as the ledger kept it, by which a window is filled again.
package struct RecentRow: Sendable {
    /// The version that answered.
    package let version: Int
    /// The inputs in the order of the model's columns; empty for inputs that are not all numbers.
    package let features: [Float]
    /// The predicted class by name, or the value in digits.
    package let prediction: String
    /// The probability or the value.
    package let score: Double
    /// When it was answered.
    package let at: Timestamp

    /// A row from its parts.
    ///
    /// - Parameters:
    ///   - version: The version that answered.
    ///   - features: The inputs.
    ///   - prediction: The class, or the value in digits.
    ///   - score: The probability or the value.
    ///   - at: When it was answered.
    package init(version: Int, features: [Float], prediction: String, score: Double, at: Timestamp) {
        self.version = version
        self.features = features
        self.prediction = prediction
        self.score = score
        self.at = at
    }

    /// The row as it was served; nil when its inputs were not kept.
    func served(_ deployment: String) -> ServedRows? {
        guard !features.isEmpty else { return nil }
        // A number is its own score; the name of a class only looks like one.
        let value = Double(prediction).flatMap { abs($0 - score) <= 1e-4 * max(1, abs($0)) ? Float($0) : nil }
        return ServedRows(
            deployment: deployment,
            version: version,
            names: [],
            inputs: .numbers(features),
            count: 1,
            predictions: value.map { .numbers([$0]) } ?? .texts([prediction]),
            scores: [Float(score)],
            at: at
        )
    }
}
