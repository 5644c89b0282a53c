import Core
import Foundation
import InferenceProto
import Serving
import SwiftProtobuf

extension FuzzTarget {
    /// Requests for predictions over gRPC: the own reader and the generated one read the same.
    static let inferMessage = FuzzTarget(
        "infer-message",
        "ModelInferRequest of gRPC, by the own reader and by the generated one",
        seeds: [],
        words: ["FP32", "BYTES", "INT64", "BOOL", "shared_memory_region", "classification", "cancer"],
        forms: [.message],
        longest: 8192
    ) { bytes in
        let own = Result { () throws(MartletError) in try WireReading.inferRequest(bytes) }
        let generated = try? Inference_ModelInferRequest(serializedBytes: Array(bytes))
        guard case .success(let request) = own else {
            guard case .failure(let error) = own else { return 0 }
            throw error
        }
        guard let generated else {
            // The generated reader also looks into what the own one has no use for.
            return 3
        }
        try require(request.model == generated.modelName, "model '\(request.model)', but '\(generated.modelName)'")
        try require(request.version == generated.modelVersion, "version '\(request.version)'")
        try require(request.id == generated.id, "id '\(request.id)', but '\(generated.id)'")
        try require(request.inputs.map(\.name) == generated.inputs.map(\.name), "other inputs")
        try require(request.inputs.map(\.datatype) == generated.inputs.map(\.datatype), "other datatypes")
        try require(request.inputs.map(\.shape) == generated.inputs.map { $0.shape.map { Int($0) } }, "other shapes")
        try require(request.outputs == generated.outputs.map(\.name), "other outputs")
        try require(request.raw == generated.rawInputContents.map { Array($0) }, "other raw contents")
        // What the generated writer makes of it reads as the same.
        let again = try reading("the message written anew") {
            try Array(generated.serializedBytes() as [UInt8]).withUnsafeBytes { try WireReading.inferRequest($0) }
        }
        try require(again == request, "written anew and read it is another request")
        switch (request.tensors, again.tensors) {
        case (.success(let tensors), .success(let others)):
            try require(tensors.map(\.name) == others.map(\.name), "other tensors")
            for (tensor, other) in zip(tensors, others) {
                try require(tensor.tensor.shape == other.tensor.shape, "other shapes of tensors")
                let size = tensor.tensor.shape.reduce(1, &*)
                try require(tensor.tensor.count == size, "\(tensor.tensor.count) values in \(tensor.tensor.shape)")
            }
            return 1 + UInt64(min(tensors.count, 8))
        case (.failure(let error), .failure): throw error
        default: throw Violation("its tensors are read only once: \(request.tensors), \(again.tensors)")
        }
    }
    .with(seeds: inferRequests)

    /// The frames of gRPC messages: they are the same however the bytes are cut.
    static let grpcFrames = FuzzTarget(
        "grpc-frames",
        "frames of gRPC messages",
        seeds: ["", "\0\0\0\0\u{3}abc\0\0\0\0\0", "\u{1}\0\0\0\u{5}aaaaa"],
        longest: 2048
    ) { bytes in
        let input = Array(bytes)
        guard let first = input.first else { return 0 }
        let (isCompressed, body) = (first & 1 == 1, Array(input.dropFirst()))
        let size = Int(first >> 1) + 1
        let pieces = stride(from: 0, to: body.count, by: size).map { Array(body[$0..<min($0 + size, body.count)]) }
        let whole = Result { () throws(MartletError) in
            try WireReading.messages([body], isCompressed: isCompressed, limit: 1000)
        }
        let cut = Result { () throws(MartletError) in
            try WireReading.messages(pieces, isCompressed: isCompressed, limit: 1000)
        }
        switch (whole, cut) {
        case (.success(let one), .success(let other)):
            try require(one.messages == other.messages, "cut into pieces of \(size) there are other messages")
            try require(one.isComplete == other.isComplete, "cut into pieces of \(size) it ends otherwise")
            try require(one.messages.allSatisfy { $0.count <= 1000 }, "a message above the limit")
            return UInt64(min(one.messages.count, 20)) << 1 | (one.isComplete ? 1 : 0)
        case (.failure(let error), .failure(let other)):
            try require(error.message == other.message, "cut into pieces of \(size): \(other), at once: \(error)")
            throw error
        default: throw Violation("cut into pieces of \(size): \(cut), at once: \(whole)")
        }
    }

    private static let inferRequests: [[UInt8]] = {
        var request = Inference_ModelInferRequest()
        request.modelName = "cancer"
        request.modelVersion = "1"
        request.id = "a"
        var input = Inference_ModelInferRequest.InferInputTensor()
        input.name = "x"
        input.datatype = "FP32"
        input.shape = [1, 2]
        input.contents.fp32Contents = [1, 2]
        var texts = Inference_ModelInferRequest.InferInputTensor()
        texts.name = "t"
        texts.datatype = "BYTES"
        texts.shape = [2]
        texts.contents.bytesContents = [.init([1, 2]), .init()]
        request.inputs = [input, texts]
        var output = Inference_ModelInferRequest.InferRequestedOutputTensor()
        output.name = "predict"
        request.outputs = [output]
        var flag = Inference_InferParameter()
        flag.boolParam = true
        request.parameters = ["binary_data_output": flag]
        var raw = request
        raw.inputs = [input]
        raw.inputs[0].clearContents()
        raw.rawInputContents = [.init([0, 0, 128, 63, 0, 0, 0, 64])]
        return [request, raw].compactMap { try? $0.serializedBytes() }
    }()
}
