import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// `/api/martlet/v1/backups`: makes a backup of the whole server, and tells how it goes.
package struct BackupRoutes {
    private let service: BackupService

    /// Routes over a service.
    package init(service: BackupService) {
        self.service = service
    }

    /// Registers the routes; all need the permission for the server.
    package func register(in routes: RouteTable) {
        let service = service
        routes.post("/api/martlet/v1/backups", permission: .server, errors: .martlet) { request, _ in
            let fields = try JSONFields(try await request.readJSON(limit: BackupsLimits.requestBytes))
            try fields.rejectUnknown(["destination", "with_keys"])
            let wish = BackupService.Wish(
                destination: try Self.destination(fields),
                withKeys: try fields.optionalBool("with_keys") ?? false
            )
            return .json(try await service.start(wish).json, status: .accepted)
        }
        routes.get("/api/martlet/v1/backups", permission: .server, errors: .martlet) { _, _ in
            .json(["items": .array(await service.all().map(\.json))])
        }
        routes.get("/api/martlet/v1/backups/{id}", permission: .server, errors: .martlet) { _, context in
            .json(try await service.job(try context.parameters.require("id")).json)
        }
    }

    /// A plain name, which lies below the server's own directory, or a place in a bucket; never a path of the host.
    private static func destination(_ fields: JSONFields) throws(MartletError) -> String {
        let text = try fields.string("destination")
        guard text.hasPrefix("s3://") || BackupSource.isName(text) else {
            throw fields.invalid(
                "destination",
                "must be a name of lower-case letters, digits and hyphens, which is made in the server's directory for "
                    + "backups (--backups), or s3://BUCKET/PREFIX"
            )
        }
        return text
    }
}
