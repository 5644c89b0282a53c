import Core
import Foundation
import InferenceProto
import NIOCore
import SwiftProtobuf

/// Server reflection, versions v1 and v1alpha, whose messages are the same: clients such as grpcurl need no files.
struct ReflectionMethods: Sendable {
    static let services = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]

    private let files: DescriptorFiles

    /// Answers from the embedded descriptors.
    ///
    /// - Throws: `internal` when they cannot be read.
    init() throws(MartletError) {
        files = try DescriptorFiles()
    }

    /// The methods by name.
    var methods: [String: GRPCMethod] {
        [
            "ServerReflectionInfo": .streaming { messages, _, answers in
                for try await message in messages {
                    let request: Grpc_Reflection_V1_ServerReflectionRequest = try GRPCMethod.decode(message)
                    try await answers.send(ByteBuffer(bytes: try GRPCMethod.encode(answer(request))))
                }
            }
        ]
    }

    private func answer(
        _ request: Grpc_Reflection_V1_ServerReflectionRequest
    ) -> Grpc_Reflection_V1_ServerReflectionResponse {
        var answer = Grpc_Reflection_V1_ServerReflectionResponse()
        answer.validHost = request.host
        answer.originalRequest = request
        switch request.messageRequest {
        case .fileByFilename(let name):
            answer.messageResponse = found(files.closure(of: name), "file", name)
        case .fileContainingSymbol(let symbol):
            let file = files.file(declaring: symbol)
            answer.messageResponse = found(file.map { files.closure(of: $0) } ?? [], "symbol", symbol)
        case .listServices:
            answer.messageResponse = .listServicesResponse(
                .with { $0.service = files.services.map { name in .with { $0.name = name } } }
            )
        case .allExtensionNumbersOfType(let type) where files.file(declaring: type) != nil:
            // None of the messages has extensions: they are proto3.
            answer.messageResponse = .allExtensionNumbersResponse(.with { $0.baseTypeName = type })
        case .allExtensionNumbersOfType(let type): answer.messageResponse = found([], "type", type)
        case .fileContainingExtension(let asked):
            answer.messageResponse = found([], "extension of", asked.containingType)
        case nil:
            answer.messageResponse = .errorResponse(
                .with {
                    $0.errorCode = Int32(GRPCStatus.Code.invalidArgument.rawValue)
                    $0.errorMessage = "The request asks for nothing."
                }
            )
        }
        return answer
    }

    private func found(
        _ descriptors: [Data],
        _ kind: String,
        _ name: String
    ) -> Grpc_Reflection_V1_ServerReflectionResponse.OneOf_MessageResponse {
        guard descriptors.isEmpty else {
            return .fileDescriptorResponse(.with { $0.fileDescriptorProto = descriptors })
        }
        return .errorResponse(
            .with {
                $0.errorCode = Int32(GRPCStatus.Code.notFound.rawValue)
                $0.errorMessage = "There is no \(kind) '\(name.prefix(200))'."
            }
        )
    }
}

/// The embedded descriptors by file and by symbol.
struct DescriptorFiles: Sendable {
    /// Full names of all services.
    let services: [String]
    private let serialized: [String: Data]
    private let dependencies: [String: [String]]
    private let fileOfSymbol: [String: String]

    /// Reads them.
    ///
    /// - Throws: `internal` when they cannot be read.
    init() throws(MartletError) {
        let set: Google_Protobuf_FileDescriptorSet
        var serialized: [String: Data] = [:]
        do {
            let data = Data(base64Encoded: InferenceDescriptors.fileDescriptorSet) ?? Data()
            set = try Google_Protobuf_FileDescriptorSet(serializedBytes: data)
            for file in set.file { serialized[file.name] = try file.serializedData() }
        } catch {
            throw MartletError(.internal, "The embedded descriptors cannot be read.", cause: error)
        }
        var symbols: [String: String] = [:]
        func add(_ message: Google_Protobuf_DescriptorProto, in scope: String, _ file: String) {
            let name = "\(scope).\(message.name)"
            symbols[name] = file
            for field in message.field { symbols["\(name).\(field.name)"] = file }
            for nested in message.enumType { symbols["\(name).\(nested.name)"] = file }
            for nested in message.nestedType { add(nested, in: name, file) }
        }
        for file in set.file {
            for message in file.messageType { add(message, in: file.package, file.name) }
            for type in file.enumType { symbols["\(file.package).\(type.name)"] = file.name }
            for service in file.service {
                symbols["\(file.package).\(service.name)"] = file.name
                for method in service.method { symbols["\(file.package).\(service.name).\(method.name)"] = file.name }
            }
        }
        services = set.file.flatMap { file in file.service.map { "\(file.package).\($0.name)" } }.sorted()
        dependencies = Dictionary(set.file.map { ($0.name, $0.dependency) }) { first, _ in first }
        self.serialized = serialized
        fileOfSymbol = symbols
    }

    /// The file that declares a symbol.
    func file(declaring symbol: String) -> String? {
        fileOfSymbol[symbol.hasPrefix(".") ? String(symbol.dropFirst()) : symbol]
    }

    /// A file's descriptor and those of everything that it imports; empty for a file that there is not.
    func closure(of name: String) -> [Data] {
        var waiting = [name]
        var seen: Set<String> = []
        var found: [Data] = []
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted, let data = serialized[next] else { continue }
            found.append(data)
            waiting += dependencies[next] ?? []
        }
        return found
    }
}
