import ArgumentParser
package import Core
import InferenceProto
import SwiftProtobuf

/// How predictions are asked for.
package enum PredictionProtocol: String, CaseIterable, ExpressibleByArgument, Sendable {
    case predict
    case v1
    case v2
    case v2Binary = "v2-binary"
    case grpc
    case invocations

    /// Most rows in one request of the protocol that make sense.
    var mostRows: Int { self == .predict ? 1 : .max }

    /// Writes the request for some rows.
    ///
    /// - Throws: `invalidArgument` for rows that the protocol cannot carry.
    package func request(_ model: String, _ rows: PredictionRows) throws(MartletError) -> WireRequest {
        let name = ServerClient.segment(model)
        let every = (0..<rows.rows.count).map { rows.json($0) }
        switch self {
        case .predict:
            let features = every.first ?? .object([:])
            return Self.json("/predict", ["deployment": .string(model), "features": features])
        case .v1: return Self.json("/v1/models/\(name):predict", ["instances": .array(every)])
        case .invocations:
            let split: JSONValue = [
                "columns": .array(rows.columns.map { .string($0) }), "data": .array(rows.rows.map { .array($0) }),
            ]
            let body: JSONValue = rows.columns.isEmpty ? ["inputs": .array(every)] : ["dataframe_split": split]
            return Self.json("/deployments/\(name)/invocations", body)
        case .v2:
            let inputs = try PredictionTensor.all(rows).map { tensor -> JSONValue in
                [
                    "name": .string(tensor.name), "datatype": .string(tensor.datatype),
                    "shape": .array(tensor.shape.map { .int($0) }), "data": .array(tensor.values),
                ]
            }
            return Self.json("/v2/models/\(name)/infer", ["inputs": .array(inputs)])
        case .v2Binary: return try Self.binary("/v2/models/\(name)/infer", try PredictionTensor.all(rows))
        case .grpc: return try Self.call(model, try PredictionTensor.all(rows))
        }
    }

    private static func json(_ path: String, _ body: JSONValue) -> WireRequest {
        WireRequest(path: path, headers: [("content-type", "application/json")], body: body.serialized())
    }

    private static func binary(_ path: String, _ tensors: [PredictionTensor]) throws(MartletError) -> WireRequest {
        var inputs: [JSONValue] = []
        var blobs: [UInt8] = []
        for tensor in tensors {
            let bytes = tensor.bytes
            inputs.append([
                "name": .string(tensor.name), "datatype": .string(tensor.datatype),
                "shape": .array(tensor.shape.map { .int($0) }),
                "parameters": ["binary_data_size": .int(bytes.count)],
            ])
            blobs += bytes
        }
        let head = (["inputs": .array(inputs), "parameters": ["binary_data_output": true]] as JSONValue).serialized()
        return WireRequest(
            path: path,
            headers: [
                ("content-type", "application/octet-stream"), ("inference-header-content-length", String(head.count)),
            ],
            body: head + blobs
        )
    }

    private static func call(_ model: String, _ tensors: [PredictionTensor]) throws(MartletError) -> WireRequest {
        let message = Inference_ModelInferRequest.with { request in
            request.modelName = model
            request.inputs = tensors.map { tensor in
                .with {
                    $0.name = tensor.name
                    $0.datatype = tensor.datatype
                    $0.shape = tensor.shape.map { Int64($0) }
                }
            }
            request.rawInputContents = tensors.map { .init($0.bytes) }
        }
        do {
            return WireRequest(
                path: "/inference.GRPCInferenceService/ModelInfer",
                body: try message.serializedBytes()
            )
        } catch {
            throw MartletError(.internal, "The request could not be written as a message.", cause: error)
        }
    }
}

/// A tensor of a V2 request.
struct PredictionTensor {
    let name: String
    let datatype: String
    let shape: [Int]
    let values: [JSONValue]

    /// The tensors of rows: one for each column, or one matrix when columns have no names.
    ///
    /// - Throws: `invalidArgument` for lists of different lengths or values that are not scalars.
    static func all(_ rows: PredictionRows) throws(MartletError) -> [PredictionTensor] {
        guard let first = rows.rows.first else { return [] }
        guard rows.columns.isEmpty else {
            return try rows.columns.enumerated().map { position, name throws(MartletError) in
                try PredictionTensor(name, [rows.rows.count], rows.rows.map { $0[position] })
            }
        }
        guard rows.rows.allSatisfy({ $0.count == first.count }) else {
            throw MartletError(.invalidArgument, "The rows have different lengths.")
        }
        return [try PredictionTensor("input", [rows.rows.count, first.count], rows.rows.flatMap(\.self))]
    }

    private init(_ name: String, _ shape: [Int], _ values: [JSONValue]) throws(MartletError) {
        self.name = name
        self.shape = shape
        if values.allSatisfy({ $0.doubleValue != nil || $0 == .null }) {
            datatype = "FP64"
        } else if values.allSatisfy({ $0.boolValue != nil }) {
            datatype = "BOOL"
        } else if values.allSatisfy({ $0.stringValue != nil || $0.doubleValue != nil || $0 == .null }) {
            datatype = "BYTES"
        } else {
            throw MartletError(
                .invalidArgument,
                "The column '\(name)' holds lists or objects, which tensors cannot; use --protocol v1 or invocations."
            )
        }
        self.values = datatype == "BYTES" ? values.map { .string(Self.text($0)) } : values
    }

    private static func text(_ value: JSONValue) -> String {
        value.stringValue ?? (value == .null ? "" : value.description)
    }

    /// The elements as bytes, little-endian; texts with their length in four bytes before them.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for value in values {
            switch datatype {
            case "BOOL": bytes.append(value.boolValue == true ? 1 : 0)
            case "FP64":
                let bits = (value.doubleValue ?? .nan).bitPattern.littleEndian
                withUnsafeBytes(of: bits) { bytes.append(contentsOf: $0) }
            default:
                let text = Array((value.stringValue ?? "").utf8)
                withUnsafeBytes(of: UInt32(clamping: text.count).littleEndian) { bytes.append(contentsOf: $0) }
                bytes += text
            }
        }
        return bytes
    }
}
