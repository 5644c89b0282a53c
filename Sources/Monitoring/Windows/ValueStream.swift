/// Values on their way to a sequential detector: filled on the request path, emptied by the evaluation.
package struct ValueStream: Sendable {
    /// What the values are: an input's name, `score`, `prediction` or `error`.
    let source: String
    /// Values that were overwritten before they were read.
    package private(set) var skipped: UInt64 = 0
    private var values: [Float] = []
    private var next = 0

    /// An empty stream.
    package init(source: String) { self.source = source }

    /// Takes a value; past `MonitoringLimits.streamValues` the oldest makes room.
    package mutating func append(_ value: Float) {
        guard values.count >= MonitoringLimits.streamValues else {
            values.append(value)
            return
        }
        values[next] = value
        next = next + 1 == values.count ? 0 : next + 1
        skipped &+= 1
    }

    /// Hands over what has gathered, oldest first.
    package mutating func take() -> [Float] {
        defer {
            values.removeAll(keepingCapacity: true)
            next = 0
        }
        return Array(values[next...]) + values[..<next]
    }
}
