import Core
import Foundation
import InferenceProto
import NIOCore
import Serving
import SwiftProtobuf
import Testing

@Suite("gRPC: server, models, repository, health, reflection")
struct GRPCMethodTests {
    @Test("Server and model say what they are")
    func metadata() async throws {
        try await GRPCHarness.run { harness in
            let live: (GRPCReply, Inference_ServerLiveResponse?) = try await harness.call(
                "ServerLive",
                Inference_ServerLiveRequest()
            )
            #expect(live.1?.live == true)
            let ready: (GRPCReply, Inference_ServerReadyResponse?) = try await harness.call(
                "ServerReady",
                Inference_ServerReadyRequest()
            )
            #expect(ready.1?.ready == true)
            let server: (GRPCReply, Inference_ServerMetadataResponse?) = try await harness.call(
                "ServerMetadata",
                Inference_ServerMetadataRequest()
            )
            #expect(server.1?.name == "martlet")
            #expect(server.1?.version == "test")
            let model: (GRPCReply, Inference_ModelMetadataResponse?) = try await harness.call(
                "ModelMetadata",
                Inference_ModelMetadataRequest.with { $0.name = "cancer" }
            )
            #expect(model.1?.versions == ["1"])
            #expect(model.1?.inputs.first?.shape == [-1, 2])
            #expect(model.1?.outputs.first?.name == "predict")
            let isReady: (GRPCReply, Inference_ModelReadyResponse?) = try await harness.call(
                "ModelReady",
                Inference_ModelReadyRequest.with { $0.name = "cancer" }
            )
            #expect(isReady.1?.ready == true)
            let nobody: (GRPCReply, Inference_ModelReadyResponse?) = try await harness.call(
                "ModelReady",
                Inference_ModelReadyRequest.with { $0.name = "nobody" }
            )
            #expect(nobody.0.status == 5)
        }
    }

    @Test("Loads and unloads in both layouts: Triton's field 2, KServe's field 1")
    func repository() async throws {
        try await GRPCHarness.run { harness in
            for request in [
                Inference_RepositoryModelLoadRequest.with { $0.modelName = "cancer" },
                Inference_RepositoryModelLoadRequest.with { $0.repositoryName = "cancer" },
            ] {
                let loaded: (GRPCReply, Inference_RepositoryModelLoadResponse?) = try await harness.call(
                    "RepositoryModelLoad",
                    request
                )
                #expect(loaded.0.status == 0, "\(loaded.0.text)")
                #expect(loaded.1?.modelName == "cancer")
                #expect(loaded.1?.isLoaded == true)
            }
            let index: (GRPCReply, Inference_RepositoryIndexResponse?) = try await harness.call(
                "RepositoryIndex",
                Inference_RepositoryIndexRequest()
            )
            #expect(index.1?.models.contains { $0.name == "cancer" && $0.state == "READY" } == true)
            let missing: (GRPCReply, Inference_RepositoryModelLoadResponse?) = try await harness.call(
                "RepositoryModelLoad",
                Inference_RepositoryModelLoadRequest()
            )
            #expect(missing.0.status == 3)
        }
    }

    @Test("Configuration and statistics are those of REST")
    func statistics() async throws {
        try await GRPCHarness.run { harness in
            _ = try await harness.infer(GRPCHarness.request("FP32", [2, 2], raw: GRPCHarness.bytes([1, 2, 3, 4])))
            let statistics: (GRPCReply, Inference_ModelStatisticsResponse?) = try await harness.call(
                "ModelStatistics",
                Inference_ModelStatisticsRequest.with { $0.name = "cancer" }
            )
            let model = try #require(statistics.1?.modelStats.first)
            #expect(model.inferenceCount == 2)
            #expect(model.executionCount == 1)
            #expect(model.inferenceStats.success.count == 1)
            let config: (GRPCReply, Inference_ModelConfigResponse?) = try await harness.call(
                "ModelConfig",
                Inference_ModelConfigRequest.with { $0.name = "cancer" }
            )
            #expect(config.0.status == 0, "\(config.0.text)")
            #expect(config.1?.config.name == "cancer")
            #expect(config.1?.config.input.first?.dataType == .typeFp32)
        }
    }

    @Test("Settings can be read, not changed; shared memory is not offered")
    func settings() async throws {
        try await GRPCHarness.run { harness in
            let log: (GRPCReply, Inference_LogSettingsResponse?) = try await harness.call(
                "LogSettings",
                Inference_LogSettingsRequest()
            )
            #expect(log.1?.settings["log_error"]?.boolParam == true)
            let changed: (GRPCReply, Inference_LogSettingsResponse?) = try await harness.call(
                "LogSettings",
                Inference_LogSettingsRequest.with { $0.settings["log_error"] = .with { $0.boolParam = false } }
            )
            #expect(changed.0.status == 12)
            let unknown: (GRPCReply, Inference_TraceSettingResponse?) = try await harness.call(
                "TraceSetting",
                Inference_TraceSettingRequest.with { $0.settings["nothing"] = .with { $0.value = ["1"] } }
            )
            #expect(unknown.0.status == 3)
            for kind in ["System", "Cuda"] {
                for verb in ["Status", "Register", "Unregister"] {
                    let reply = try await harness.caller.unary(
                        "\(GRPCHarness.service)/\(kind)SharedMemory\(verb)",
                        []
                    )
                    #expect(reply.status == 12)
                    #expect(reply.text.contains("not offered"))
                }
            }
        }
    }

    @Test("Health knows the server and its services")
    func health() async throws {
        try await GRPCHarness.run { harness in
            for (service, status) in [("", 0), ("inference.GRPCInferenceService", 0), ("nobody", 5)] {
                let request = Grpc_Health_V1_HealthCheckRequest.with { $0.service = service }
                let reply = try await harness.caller.unary(
                    "/grpc.health.v1.Health/Check",
                    try request.serializedBytes()
                )
                #expect(reply.status == status)
                guard let message = reply.messages.first else { continue }
                let answer = try Grpc_Health_V1_HealthCheckResponse(serializedBytes: Array(message.readableBytesView))
                #expect(answer.status == .serving)
            }
        }
    }

    @Test("Reflection lists the services and hands out their files with what they import")
    func reflection() async throws {
        try await GRPCHarness.run { harness in
            for version in ["v1", "v1alpha"] {
                let requests: [Grpc_Reflection_V1_ServerReflectionRequest] = [
                    .with { $0.listServices = "" },
                    .with { $0.fileContainingSymbol = "inference.GRPCInferenceService" },
                    .with { $0.fileContainingSymbol = "inference.ModelInferRequest.InferInputTensor" },
                    .with { $0.fileByFilename = "grpc/health/v1/health.proto" },
                    .with { $0.fileContainingSymbol = "nobody" },
                ]
                let body = try requests.flatMap { GRPCCaller.framed(try $0.serializedBytes()) }
                let reply = try await harness.caller.call(
                    "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo",
                    body
                )
                let answers = try reply.messages.map {
                    try Grpc_Reflection_V1_ServerReflectionResponse(serializedBytes: Array($0.readableBytesView))
                }
                try #require(answers.count == requests.count)
                let services = answers[0].listServicesResponse.service.map(\.name)
                #expect(services.contains("inference.GRPCInferenceService"))
                #expect(services.contains("grpc.health.v1.Health"))
                #expect(services.contains("grpc.reflection.v1alpha.ServerReflection"))
                let files = try answers[1].fileDescriptorResponse.fileDescriptorProto.map {
                    try Google_Protobuf_FileDescriptorProto(serializedBytes: $0).name
                }
                #expect(files == ["inference/grpc_service.proto", "inference/model_config.proto"])
                #expect(answers[2].fileDescriptorResponse.fileDescriptorProto.count == 2)
                #expect(answers[3].fileDescriptorResponse.fileDescriptorProto.count == 1)
                #expect(answers[4].errorResponse.errorCode == 5)
            }
        }
    }
}
