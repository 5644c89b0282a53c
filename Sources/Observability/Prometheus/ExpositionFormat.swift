/// The two text formats that Prometheus reads.
package enum ExpositionFormat: Sendable, Equatable, CaseIterable {
    /// Prometheus text format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The `Content-Type` of the answer.
    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// Chooses by the weights of an `Accept` header; text when nothing asks for OpenMetrics more strongly.
    package static func negotiated(accept: String?) -> ExpositionFormat {
        guard let accept, accept.utf8.count <= MetricsLimits.maximumAcceptBytes else { return .text }
        var open = 0.0
        var text = 0.0
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let type = parts.first else { continue }
            let parameters = parts.dropFirst()
            let weight = parameters.first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            guard weight.isFinite else { continue }
            switch type {
            case "application/openmetrics-text":
                let version = parameters.first { $0.hasPrefix("version=") }?.dropFirst("version=".count)
                if version == nil || version == "1.0.0" { open = max(open, weight) }
            case "text/plain", "text/*", "*/*":
                text = max(text, weight)
            default:
                continue
            }
        }
        return open > 0 && open >= text ? .openMetrics : .text
    }
}
