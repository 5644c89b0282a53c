import Core
import HTTPSupport
import Hummingbird
import Quality

/// `GET /api/martlet/v1/data/{name}/profile` and `POST /api/martlet/v1/data/{name}/test`.
struct QualityRoutes {
    let gate: QualityGate

    func register(in routes: RouteTable) {
        let gate = gate
        routes.get("/api/martlet/v1/data/{name}/profile", permission: .read, errors: .martlet) { request, context in
            let name = try context.parameters.require("name")
            return .json(try await gate.profile(name, split: request.query("split")).json)
        }
        routes.post("/api/martlet/v1/data/{name}/test", permission: .read, errors: .martlet) { request, context in
            let name = try context.parameters.require("name")
            let fields = try JSONFields(try await request.readJSON(limit: ServerLimits.manifestBytes))
            try fields.rejectUnknown(["split", "reference", "reference_split", "suite"])
            let (report, version) = try await gate.run(QualityGate.Request(dataset: name, fields))
            var answer = report.json.objectValue ?? [:]
            answer["dataset"] = .string(name)
            answer["version"] = .string(version)
            return .json(.object(answer))
        }
    }
}
