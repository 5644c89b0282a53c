import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// `POST /api/martlet/v1/apply` and `/diff`: a manifest's text and the directory it lies in.
struct ManifestRoutes {
    let applier: ManifestApplier

    func register(in routes: RouteTable) {
        let applier = applier
        routes.post("/api/martlet/v1/apply", permission: .operate, errors: .martlet) { request, _ in
            let (text, directory) = try await Self.manifest(of: request)
            let changes = try await applier.apply(text, directory: directory)
            return .json(["changes": .array(changes.map(\.json))])
        }
        routes.post("/api/martlet/v1/diff", permission: .read, errors: .martlet) { request, _ in
            let (text, directory) = try await Self.manifest(of: request)
            let changes = try await applier.diff(text, directory: directory)
            return .json(["changes": .array(changes.map(\.json))])
        }
    }

    private static func manifest(of request: Request) async throws -> (text: String, directory: String) {
        let body = try await request.readJSON(limit: 2 * ServerLimits.manifestBytes)
        let fields = try JSONFields(body)
        try fields.rejectUnknown(["manifest", "directory"])
        return (try fields.string("manifest"), try fields.optionalString("directory") ?? ".")
    }
}
