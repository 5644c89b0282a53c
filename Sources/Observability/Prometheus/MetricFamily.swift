/// What kind of metric a name stands for.
package enum MetricKind: String, Sendable, Equatable, CaseIterable {
    case counter
    case gauge
    case histogram
}

/// Figures that exist elsewhere and are read at each scrape, such as the length of a queue.
package struct ObservedFamily: Sendable {
    /// The metric's name; a counter's ends in `_total`.
    package let name: String
    /// Counter or gauge; figures of a histogram cannot be observed from outside.
    package let kind: MetricKind
    /// One line for people.
    package let help: String
    /// One value per label set.
    package let samples: [Sample]

    /// One value with its labels.
    package struct Sample: Sendable {
        let labels: LabelSet
        let value: Double

        /// Makes a sample.
        package init(_ value: Double, labels: [(String, String)] = []) {
            self.labels = LabelSet(labels)
            self.value = value
        }
    }

    /// A family of gauges.
    package static func gauge(_ name: String, help: String, _ samples: [Sample]) -> ObservedFamily {
        ObservedFamily(name: MetricName.metric(name), kind: .gauge, help: help, samples: samples)
    }

    /// A family of counters.
    package static func counter(_ name: String, help: String, _ samples: [Sample]) -> ObservedFamily {
        ObservedFamily(name: MetricName.counter(name), kind: .counter, help: help, samples: samples)
    }
}

/// All series of one name.
struct MetricFamily {
    /// One series in the form that its kind needs.
    enum Series {
        case whole(WholeCounter)
        case fraction(FractionCounter)
        case gauge(Gauge)
        case histogram(Histogram)

        /// The object that increments go to.
        var handler: AnyObject {
            switch self {
            case .whole(let counter): counter
            case .fraction(let counter): counter
            case .gauge(let gauge): gauge
            case .histogram(let histogram): histogram
            }
        }
    }

    let kind: MetricKind
    var series: [LabelSet: Series] = [:]
}
