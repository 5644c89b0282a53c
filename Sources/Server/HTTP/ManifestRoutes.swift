import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// `POST /api/martlet/v1/apply` and `/diff`: a manifest's text, the directory it lies in and what people call it.
struct ManifestRoutes {
    let applier: ManifestApplier

    func register(in routes: RouteTable) {
        let applier = applier
        routes.post("/api/martlet/v1/apply", permission: .operate, errors: .martlet) { request, _ in
            .json(try await applier.apply(try await Self.file(of: request)).json)
        }
        routes.post("/api/martlet/v1/diff", permission: .read, errors: .martlet) { request, _ in
            .json(try await applier.diff(try await Self.file(of: request)).json)
        }
    }

    private static func file(of request: Request) async throws -> ManifestFile {
        let body = try await request.readJSON(limit: 2 * ServerLimits.manifestBytes)
        let fields = try JSONFields(body)
        try fields.rejectUnknown(["manifest", "directory", "name"])
        var file = ManifestFile(text: try fields.string("manifest"))
        if let directory = try fields.optionalString("directory") { file.directory = directory }
        if let name = try fields.optionalString("name") {
            guard (1...ServerLimits.manifestNameBytes).contains(name.utf8.count) else {
                throw fields.invalid("name", "must have 1 to \(ServerLimits.manifestNameBytes) bytes")
            }
            file.name = name
        }
        return file
    }
}
