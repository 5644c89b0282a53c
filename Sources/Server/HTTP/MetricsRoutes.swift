import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import Observability

/// `GET /metrics`: every metric of the process for Prometheus.
struct MetricsRoutes {
    let registry: PrometheusRegistry

    func register(in routes: RouteTable) {
        let registry = registry
        routes.get("/metrics", permission: .metrics, errors: .martlet) { request, _ in
            let format = ExpositionFormat.negotiated(accept: request.headers[.accept])
            return .bytes(registry.render(format), contentType: format.contentType)
        }
    }
}
