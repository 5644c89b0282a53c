package import Core

/// What the monitor says about a deployment's traffic.
package struct DriftSignal: Sendable, Equatable {
    /// Whether the recent inputs differ from the reference.
    package let isDetected: Bool
    /// The version whose reference was compared; nil when the monitor does not say.
    package let version: Int?

    /// Makes a signal.
    package init(isDetected: Bool, version: Int? = nil) {
        self.isDetected = isDetected
        self.version = version
    }
}

/// One answered request, as monitors see it.
package struct ObservedPrediction: Sendable {
    /// The deployment that answered.
    package let deployment: String
    /// The version that answered.
    package let version: Int
    /// Inputs, row-major, `rows` rows; NaN is missing.
    package let features: [Float]
    /// Outputs, row-major, `rows` rows; of a model of tensors the number that is its answer, 0 for another.
    package let outputs: [Float]
    /// Number of rows.
    package let rows: Int
    /// When it was answered.
    package let now: Timestamp
}

/// Watches predictions; called on the request path, so both functions must be quick and must not block.
package protocol PredictionObserver: Sendable {
    /// Takes note of an answered request.
    func observe(_ prediction: ObservedPrediction)
    /// The present verdict; nil when nothing watches the deployment or there are too few rows.
    func driftSignal(deployment: String) -> DriftSignal?
}
