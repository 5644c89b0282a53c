import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// The API's description: `GET /openapi.json`, and `GET /docs/api` to browse it.
package struct OpenAPIRoutes: Sendable {
    private let plane: DataPlane
    private let version: String
    private let entries: @Sendable () -> [RouteTable.Entry]

    /// Describes what `entries` lists once all routes are registered, and the models that `plane` serves.
    package init(plane: DataPlane, version: String, entries: @escaping @Sendable () -> [RouteTable.Entry]) {
        self.plane = plane
        self.version = version
        self.entries = entries
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let (plane, version, entries) = (plane, version, entries)
        routes.get("/openapi.json", permission: .read, errors: .martlet) { request, _ in
            let models = try await Self.models(plane, request.query("deployment"))
            let document = OpenAPIDocument(entries: entries(), models: models, version: version)
            return await .bytes(
                document.json.serialized(),
                contentType: "application/json",
                acceptEncoding: request.headers[.acceptEncoding]
            )
        }
        let assets: [(path: String, type: String, bytes: [UInt8])] = [
            ("/docs/api", "text/html; charset=utf-8", PackageResources.page_html),
            ("/docs/api/page.css", "text/css; charset=utf-8", PackageResources.page_css),
            ("/docs/api/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
        ]
        for asset in assets {
            routes.get(asset.path, permission: .open, errors: .page) { _, _ in
                var response = Response.bytes(asset.bytes, contentType: asset.type)
                response.headers[.contentSecurityPolicy] =
                    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'"
                response.headers[.cacheControl] = "no-cache"
                return response
            }
        }
    }

    /// The models that are described: those in memory, or the one that is named, which is loaded if need be.
    private static func models(_ plane: DataPlane, _ name: String?) async throws -> [ModelSchema] {
        if let name {
            let deployment = try plane.deployments.find(name)
            return [ModelSchema(name, try await plane.model(of: deployment))]
        }
        return plane.deployments.all.prefix(ServingLimits.describedModels).compactMap { deployment in
            deployment.routing?.stable.resident.map { ModelSchema(deployment.name, $0.loaded) }
        }
    }
}
