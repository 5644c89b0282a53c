package import Core

/// One point of a metric.
package struct Metric: Sendable, Equatable {
    /// The metric's name.
    package let key: String
    /// The value, which may be NaN.
    ///
    /// Infinities are stored as the largest finite numbers.
    package let value: Double
    /// When it was measured.
    package let timestamp: Timestamp
    /// Which step of the training; may be negative.
    package let step: Int64
    /// The logged model that it judges.
    package let modelID: String?
    /// The name of the dataset that it was measured on.
    package let datasetName: String?
    /// The digest of the dataset that it was measured on.
    package let datasetDigest: String?

    /// Makes a point.
    package init(
        key: String,
        value: Double,
        timestamp: Timestamp,
        step: Int64 = 0,
        modelID: String? = nil,
        datasetName: String? = nil,
        datasetDigest: String? = nil
    ) {
        self.key = key
        self.value = value
        self.timestamp = timestamp
        self.step = step
        self.modelID = modelID
        self.datasetName = datasetName
        self.datasetDigest = datasetDigest
    }

    package static func == (left: Metric, right: Metric) -> Bool {
        left.key == right.key && left.timestamp == right.timestamp && left.step == right.step
            && (left.value == right.value || left.value.isNaN && right.value.isNaN)
            && left.modelID == right.modelID && left.datasetName == right.datasetName
            && left.datasetDigest == right.datasetDigest
    }
}
