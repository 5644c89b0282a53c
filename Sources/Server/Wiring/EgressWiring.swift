import Core
import Egress
import Observability

/// What the server asks of others under addresses that the operator wrote into the settings.
enum EgressWiring {
    /// The exporter of spans, if there is a receiver: nothing but that one is asked.
    static func spans(_ settings: ServerSettings, clock: Clock) -> SpanExporter? {
        // The settings took only what can be read as an address.
        guard let endpoint = settings.inference.otlpEndpoint, let url = try? EgressURL(endpoint) else { return nil }
        let egress = EgressClient(policy: .only(url))
        return SpanExporter(endpoint: endpoint, clock: clock) { message in
            var request = try EgressRequest("The OTLP receiver", method: "POST", url: message.url)
            request.headers = [("Content-Type", message.contentType)]
            request.body = message.body
            request.keepsConnection = true
            request.timeLimit = .seconds(SpanLimits.requestSeconds)
            return try await egress.fetch(request).status
        }
    }
}
