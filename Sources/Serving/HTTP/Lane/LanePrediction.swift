import Core
import HTTPSupport
import Runtimes

/// One request for predictions, answered on the connection's event loop against the data plane of its workspace.
struct LanePrediction {
    /// What predicts.
    let admission: LaneAdmission

    private var plane: DataPlane { admission.plane }

    /// Answers a request; nil when the router shall, and then nothing was done.
    ///
    /// - Throws: what is wrong with the request; the router meets the same error again.
    func answer(
        _ target: LaneTarget,
        _ request: LaneRequest,
        _ reply: inout LaneReply
    ) throws -> (InferenceProtocol, ServedModel)? {
        guard case .v2(let name, let version) = target else {
            guard isJSON(request) else { return nil }
            return try answerJSON(target, request, &reply)
        }
        guard isTensors(request) else { return nil }
        return try answerV2(name, version, request, &reply)
    }

    private func answerJSON(
        _ target: LaneTarget,
        _ request: LaneRequest,
        _ reply: inout LaneReply
    ) throws -> (InferenceProtocol, ServedModel)? {
        let bytes = request.body
        let id = requestID(request)
        switch target {
        case .predict:
            let body = try PredictBody(bytes)
            let deployment = try plane.deployments.find(body.deployment)
            guard let model = model(of: deployment) else { return nil }
            let (input, count) = try body.meaning(bytes, model)
            guard isShort(count, model, request) else { return nil }
            let call = InferenceRequest(
                id: id,
                deployment: deployment,
                call: ModelCall(input),
                count: count,
                via: .predict,
                readFor: model
            )
            guard let response = try inferNow(call) else { return nil }
            reply.write(requestID: id, body: try PredictAnswer.write(response, id: id, isSingle: body.isSingle))
            return (.predict, response.served)
        case .v1(let name):
            let deployment = try plane.deployments.find(name)
            guard let model = model(of: deployment), !CloudEvent.looksStructured(bytes),
                let response = try inferNow(id, deployment, try V1Body.rows(bytes, model), model, .v1, request)
            else { return nil }
            reply.write(requestID: id, body: try V1Answer.write(response))
            return (.v1, response.served)
        case .invocations:
            let deployment = try plane.deployments.find(nil)
            guard let model = model(of: deployment),
                let response = try inferNow(
                    id,
                    deployment,
                    try InvocationsBody.rows(bytes, model),
                    model,
                    .invocations,
                    request
                )
            else { return nil }
            reply.write(requestID: id, body: try InvocationsAnswer.write(response))
            return (.invocations, response.served)
        case .v2: return nil
        }
    }

    private func inferNow(
        _ id: String,
        _ deployment: LiveDeployment,
        _ rows: FeatureRows,
        _ model: LoadedModel,
        _ via: InferenceProtocol,
        _ request: LaneRequest
    ) throws -> InferenceResponse? {
        guard isShort(rows.count, model, request) else { return nil }
        return try inferNow(
            InferenceRequest(
                id: id,
                deployment: deployment,
                rows: rows.values,
                count: rows.count,
                via: via,
                readFor: model
            )
        )
    }

    /// Predicts, if the caller may ask at present; the router says it if not.
    private func inferNow(_ request: InferenceRequest) throws -> InferenceResponse? {
        if let spend = admission.spend, !spend() { return nil }
        return try plane.inferNow(request)
    }

    private func answerV2(
        _ name: String,
        _ version: Int?,
        _ request: LaneRequest,
        _ reply: inout LaneReply
    ) throws -> (InferenceProtocol, ServedModel)? {
        let deployment = try plane.deployments.find(name)
        guard let model = model(of: deployment, version: version) else { return nil }
        let length = request.head.inferenceHeaderLength.map { Int(request.text($0)) ?? -1 }
        if let length, length < 0 { return nil }
        let read = try V2Call(request.body, jsonLength: length, model)
        guard case .rows = read.input, read.request?.timeoutMicroseconds == nil, isShort(read.count, model, request),
            read.request?.asked?.allSatisfy(V2Outputs.rowNames(model).contains) ?? true
        else { return nil }
        let given = read.request?.id
        let id = given.flatMap { InferenceHTTP.isSound($0) ? $0 : nil } ?? requestID(request)
        let call = InferenceRequest(
            id: id,
            deployment: deployment,
            version: version,
            call: ModelCall(read.input, outputs: read.request?.asked, parameters: try read.parameters(model)),
            count: read.count,
            via: .v2,
            readFor: model
        )
        guard let response = try inferNow(call) else { return nil }
        let answer = try V2Response(response, id: given ?? id, request: read.request)
        guard let length = answer.jsonLength else {
            reply.write(requestID: id, body: answer.body)
            return (.v2, response.served)
        }
        reply.write(
            contentType: "application/octet-stream",
            requestID: id,
            fields: Array("Inference-Header-Content-Length: \(length)\r\n".utf8),
            body: answer.body
        )
        return (.v2, response.served)
    }

    /// The trusted version's model when it is in memory and takes rows of numbers, and headers have no say.
    private func model(of deployment: LiveDeployment, version: Int? = nil) -> LoadedModel? {
        guard let routing = deployment.routing, !routing.readsHeaders else { return nil }
        let served = version.map { routing.model(version: $0) } ?? routing.stable
        guard let model = served?.resident?.loaded, model.rows?.placement == .own else { return nil }
        return model
    }

    /// Whether the answer is certainly shorter than what is compressed for clients that can unpack it.
    private func isShort(_ rows: Int, _ model: LoadedModel, _ request: LaneRequest) -> Bool {
        guard request.head.acceptEncoding != nil, rows > 1 else { return true }
        return rows <= ServingLimits.inlineRows
            && 1024 + rows * (Self.rowBytes + model.outputWidth * Self.numberBytes) < HTTPLimits.compressedBytes
    }

    /// What `/predict` writes for each of several rows, beside its number.
    private static let rowBytes = 160

    /// The longest text of a 32-bit number with its comma.
    private static let numberBytes = 16

    /// The id that the client gave, when it is sound; else a new one.
    private func requestID(_ request: LaneRequest) -> String {
        guard let place = request.head.requestID else { return Identifier.timeOrdered() }
        let given = request.text(place)
        return InferenceHTTP.isSound(given) ? given : Identifier.timeOrdered()
    }

    private func isJSON(_ request: LaneRequest) -> Bool {
        guard let place = request.head.contentType else { return false }
        return request.value(place).elementsEqual("application/json".utf8)
    }

    /// Clients of V2 send JSON, octet-stream or nothing as media type.
    private func isTensors(_ request: LaneRequest) -> Bool {
        guard let place = request.head.contentType else { return true }
        return isJSON(request) || request.value(place).elementsEqual("application/octet-stream".utf8)
    }
}
