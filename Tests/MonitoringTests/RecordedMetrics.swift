import Metrics
import Synchronization

/// A metrics back end that remembers the last value of every series, for tests.
final class RecordedMetrics: MetricsFactory {
    private let values = Mutex<[String: Double]>([:])

    /// The value of a series such as `name{a=1,b=2}`; labels in alphabetical order.
    func value(_ series: String) -> Double? { values.withLock { $0[series] } }

    var series: [String] { values.withLock { $0.keys.sorted() } }

    private final class Handler: CounterHandler, RecorderHandler {
        let series: String
        let owner: RecordedMetrics

        init(series: String, owner: RecordedMetrics) {
            self.series = series
            self.owner = owner
        }

        func increment(by amount: Int64) { owner.values.withLock { $0[series, default: 0] += Double(amount) } }

        func reset() { owner.values.withLock { $0[series] = 0 } }

        func record(_ value: Int64) { record(Double(value)) }

        func record(_ value: Double) { owner.values.withLock { $0[series] = value } }
    }

    private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
        let labels = dimensions.sorted { $0.0 < $1.0 }.map { "\($0)=\($1)" }.joined(separator: ",")
        return Handler(series: "\(label){\(labels)}", owner: self)
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        handler(label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }

    func destroyCounter(_ handler: any CounterHandler) { forget(handler) }

    func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }

    func destroyTimer(_ handler: any TimerHandler) {}

    private func forget(_ handler: AnyObject) {
        guard let handler = handler as? Handler else { return }
        values.withLock { $0[handler.series] = nil }
    }
}
