import Core
import InferenceProto
import Runtimes
import SwiftProtobuf

/// `inference.GRPCInferenceService`, as far as it tells of the server and its models.
struct ServerMethods: Sendable {
    let serverVersion: String
    /// Whether every model of the server answers.
    let isReady: @Sendable () -> Bool

    /// What every server answers, by name.
    var methods: [String: GRPCMethod] {
        [
            "ServerLive": .messages { (_: Inference_ServerLiveRequest, _) in
                Inference_ServerLiveResponse.with { $0.live = true }
            },
            "ServerMetadata": .messages { (_: Inference_ServerMetadataRequest, _) in
                Inference_ServerMetadataResponse.with {
                    $0.name = "martlet"
                    $0.version = serverVersion
                    $0.extensions = Self.extensions
                }
            },
        ]
    }

    /// What is answered of models, by name.
    var modelMethods: [String: GRPCMethod] {
        [
            "ServerReady": .messages { (_: Inference_ServerReadyRequest, _) in
                .with { $0.ready = isReady() } as Inference_ServerReadyResponse
            },
            "ModelReady": .messages { (request: Inference_ModelReadyRequest, call) in
                let isReady = try isReady(request.name, request.version, try call.admitted().plane)
                return Inference_ModelReadyResponse.with { $0.ready = isReady }
            },
            "ModelMetadata": .messages { (request: Inference_ModelMetadataRequest, call) in
                let (deployment, model) = try await model(request.name, request.version, try call.admitted().plane)
                return Self.metadata(deployment, model)
            },
        ]
    }

    /// What of Triton's extensions works over gRPC.
    static let extensions = ["model_repository", "model_configuration", "statistics", "parameters"]

    /// Whether the version in service, or the one named, answers; a name that is not deployed is an error.
    private func isReady(_ name: String, _ version: String, _ plane: DataPlane) throws(MartletError) -> Bool {
        let routing = try InferenceMethods.find(name, plane).routing
        guard let number = try InferenceMethods.number(version) else { return routing != nil }
        return routing?.model(version: number) != nil
    }

    /// A deployment and its model, loaded if need be.
    private func model(
        _ name: String,
        _ version: String,
        _ plane: DataPlane
    ) async throws -> (LiveDeployment, LoadedModel) {
        let deployment = try InferenceMethods.find(name, plane)
        return (deployment, try await plane.model(of: deployment, version: InferenceMethods.number(version)))
    }

    private static func metadata(
        _ deployment: LiveDeployment,
        _ model: LoadedModel
    ) -> Inference_ModelMetadataResponse {
        func tensor(_ spec: TensorSpec) -> Inference_ModelMetadataResponse.TensorMetadata {
            .with {
                $0.name = spec.name
                $0.datatype = spec.dataType.rawValue
                $0.shape = spec.shape.map { Int64($0) }
            }
        }
        return .with {
            $0.name = deployment.name
            $0.versions = (deployment.routing?.versions ?? []).map(\.versionText)
            $0.platform = "martlet_\(model.runtime.name)"
            $0.inputs = V2Outputs.inputSpecs(model).map(tensor)
            $0.outputs = V2Outputs.specs(model).map(tensor)
            $0.parameters["columns"] = .with { $0.stringParam = model.inputs.joined(separator: ",") }
        }
    }
}
