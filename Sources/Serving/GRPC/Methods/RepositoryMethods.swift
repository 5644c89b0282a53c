import Core
import Foundation
import InferenceProto
import SwiftProtobuf

/// `inference.GRPCInferenceService`, as far as it is about the model repository, configurations and statistics.
struct RepositoryMethods: Sendable {
    /// The methods by name.
    var methods: [String: GRPCMethod] {
        [
            "RepositoryIndex": .messages { (request: Inference_RepositoryIndexRequest, call) in
                let repository = try call.admitted().repository
                let entries = try await repository.index(readyOnly: request.ready)
                return Inference_RepositoryIndexResponse.with { $0.models = entries.map(Self.line) }
            },
            "RepositoryModelLoad": .messages { (request: Inference_RepositoryModelLoadRequest, call) in
                let repository = try call.admitted().repository
                let name = try Self.model(request.modelName, else: request.repositoryName)
                try await repository.load(name, parameters: Self.parameters(request.parameters))
                return Inference_RepositoryModelLoadResponse.with {
                    $0.modelName = name
                    $0.isLoaded = true
                }
            },
            "RepositoryModelUnload": .messages { (request: Inference_RepositoryModelUnloadRequest, call) in
                let repository = try call.admitted().repository
                let name = try Self.model(request.modelName, else: request.repositoryName)
                try await repository.unload(name)
                return Inference_RepositoryModelUnloadResponse.with {
                    $0.modelName = name
                    $0.isUnloaded = true
                }
            },
            "ModelConfig": .messages { (request: Inference_ModelConfigRequest, call) in
                let repository = try call.admitted().repository
                let value = try await repository.configuration(request.name, version: request.version)
                let config: Inference_ModelConfig = try Self.message(value)
                return Inference_ModelConfigResponse.with { $0.config = config }
            },
            "ModelStatistics": .messages { (request: Inference_ModelStatisticsRequest, call) in
                let repository = try call.admitted().repository
                let name = request.name.isEmpty ? nil : request.name
                let found = try repository.statistics(name, version: request.version)
                let statistics: [Inference_ModelStatistics] = try found.map { try Self.message($0.json) }
                return Inference_ModelStatisticsResponse.with { $0.modelStats = statistics }
            },
        ]
    }

    /// The model that a load or an unload names: Triton writes it into field 2, KServe into field 1.
    private static func model(_ name: String, else first: String) throws(MartletError) -> String {
        let model = name.isEmpty ? first : name
        guard !model.isEmpty else { throw MartletError(.invalidArgument, "'model_name' is missing.") }
        return model
    }

    private static func line(_ entry: ModelIndexEntry) -> Inference_RepositoryIndexResponse.ModelIndex {
        .with {
            $0.name = entry.name
            $0.version = entry.version ?? ""
            $0.state = entry.state
            $0.reason = entry.reason
        }
    }

    private static func parameters(_ given: [String: Inference_ModelRepositoryParameter]) -> JSONObject {
        var parameters: JSONObject = [:]
        for (name, parameter) in given {
            switch parameter.parameterChoice {
            case .boolParam(let value): parameters[name] = .bool(value)
            case .int64Param(let value): parameters[name] = .integer(value)
            case .stringParam(let value): parameters[name] = .string(value)
            // Files are refused by their name; the contents do not matter.
            case .bytesParam: parameters[name] = .null
            case nil: break
            }
        }
        return parameters
    }

    /// What REST tells as JSON, as the message of the same fields.
    private static func message<Answer: Message>(_ value: JSONValue) throws(MartletError) -> Answer {
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        do {
            return try Answer(jsonUTF8Bytes: value.serialized(), options: options)
        } catch {
            throw MartletError(.internal, "The answer could not be written as a message.", cause: error)
        }
    }
}
