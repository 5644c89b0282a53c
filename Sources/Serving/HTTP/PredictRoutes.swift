import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// `POST /predict`: one row in, one answer out.
package struct PredictRoutes: Sendable {
    private let http: InferenceHTTP

    /// Serves `plane`.
    package init(plane: DataPlane) {
        http = InferenceHTTP(plane: plane)
    }

    /// Adds the route.
    package func register(in routes: RouteTable) {
        let http = http
        routes.post("/predict", permission: .predict, errors: .martlet) { request, context in
            let id = InferenceHTTP.requestID(request, context)
            return try await http.run(.predict) {
                try InferenceHTTP.requireJSON(request)
                let buffer = try await InferenceHTTP.body(request)
                let body = try InferenceHTTP.parse(buffer) { try PredictBody($0) }
                let deployment = try http.plane.deployments.find(body.deployment)
                let model = try await http.plane.model(of: deployment)
                let row = try InferenceHTTP.parse(buffer) { try body.row($0, model) }
                let response = try await http.plane.infer(
                    InferenceRequest(id: id, deployment: deployment, rows: row, count: 1, via: .predict)
                )
                return (InferenceHTTP.json(Self.write(response, id: id), id: id), response.served)
            }
        }
    }

    /// `{"prediction":1,"label":"benign","probability":0.98,"drift_detected":false,"model":…}`.
    private static func write(_ response: InferenceResponse, id: String) -> [UInt8] {
        let model = response.loaded
        let answer = model.answer(response.outputs, row: 0)
        var writer = JSONWriter(capacity: 256)
        writer.raw(#"{"prediction":"#)
        if let index = answer.classIndex {
            writer.integer(Int64(index))
            writer.raw(#","label":"#)
            writer.string(model.label(of: answer) ?? "")
            writer.raw(#","probability":"#)
        }
        writer.number(answer.score)
        writer.raw(#","drift_detected":"#)
        writer.bool(response.driftDetected)
        writer.raw(#","model":"#)
        writer.string(model.model)
        writer.raw(#","model_version":""#)
        writer.raw(response.served.versionText.utf8)
        writer.raw(#"","deployment":"#)
        writer.string(response.served.deployment)
        writer.raw(#","request_id":"#)
        writer.string(id)
        writer.raw(0x7D)
        return writer.bytes
    }
}
