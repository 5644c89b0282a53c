import Core

/// A mean over all values so far, updated as river's `stats.Mean` does, to the last bit.
struct RunningMean: Sendable, Equatable {
    private(set) var count = 0.0
    private(set) var mean = 0.0

    /// No values yet.
    init() {}

    /// Continues from a saved mean of so many values.
    init(count: Int, mean: Double) {
        self.count = Double(count)
        self.mean = mean
    }

    mutating func update(_ value: Double) {
        count += 1
        mean += (1 / count) * (value - mean)
    }
}

extension SequentialState {
    /// Reads a mean that was written under `name` and `name_count`.
    func mean(_ name: String, in range: ClosedRange<Double>) throws(MartletError) -> RunningMean {
        RunningMean(count: try count("\(name)_count"), mean: try number(name, in: range))
    }
}

extension JSONObject {
    /// Writes a mean under `name` and `name_count`.
    mutating func set(_ name: String, _ mean: RunningMean) {
        self[name] = .number(mean.mean)
        self["\(name)_count"] = .integer(Int64(mean.count))
    }
}
