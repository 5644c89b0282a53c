package import HTTPTypes
package import Hummingbird

extension RouteTable {
    /// Registers an MLflow method as `mlflow` does, for answers whose status is not 200.
    package func mlflowResponse(
        _ method: HTTPRequest.Method,
        _ path: String,
        version: String = "2.0",
        permission: Permission,
        _ handler: @escaping @Sendable (MLflowCall) async throws -> Response
    ) {
        let captured = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        for prefix in ["/api/", "/ajax-api/"] {
            on(prefix + version + path, method: method, permission: permission, errors: .mlflow) { request, context in
                try await handler(MLflowCall(request, context, pathFields: captured))
            }
        }
    }
}
