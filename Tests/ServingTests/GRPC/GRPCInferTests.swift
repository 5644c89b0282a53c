import Core
import Foundation
import InferenceProto
import Ledger
import NIOCore
import Serving
import SwiftProtobuf
import Testing

@Suite("gRPC: predictions")
struct GRPCInferTests {
    private static let half = GRPCHarness.logistic(0.5)

    private func outputs(_ answer: Inference_ModelInferResponse?) throws -> [Float] {
        let raw = Array(try #require(answer?.rawOutputContents.first))
        return stride(from: 0, to: raw.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(raw[offset + $1]) << UInt32(8 * $1) })
        }
    }

    @Test("Raw in, raw out; the id is echoed, the version told")
    func raw() async throws {
        try await GRPCHarness.run { harness in
            let (reply, answer) = try await harness.infer(
                GRPCHarness.request(raw: GRPCHarness.bytes([0.5, 9]))
            )
            #expect(reply.status == 0)
            #expect(answer?.id == "one")
            #expect(answer?.modelName == "cancer")
            #expect(answer?.modelVersion == "1")
            #expect(answer?.outputs.first?.name == "predict")
            #expect(answer?.outputs.first?.shape == [1])
            #expect(answer?.outputs.first?.hasContents == false)
            #expect(answer?.parameters["drift_detected"]?.boolParam == false)
            let value = try outputs(answer)[0]
            #expect(abs(Double(value) - Self.half) < 1e-6)
        }
    }

    @Test("Typed in, typed out, in every datatype that has a field")
    func typed() async throws {
        try await GRPCHarness.run { harness in
            let fills: [(String, @Sendable (inout Inference_InferTensorContents) -> Void)] = [
                ("FP32", { $0.fp32Contents = [1, 0, 0, 0] }), ("FP64", { $0.fp64Contents = [1, 0, 0, 0] }),
                ("INT8", { $0.intContents = [1, -3, 0, 0] }), ("INT16", { $0.intContents = [1, -3, 0, 0] }),
                ("INT32", { $0.intContents = [1, -3, 0, 0] }), ("INT64", { $0.int64Contents = [1, -3, 0, 0] }),
                ("UINT8", { $0.uintContents = [1, 255, 0, 0] }), ("UINT16", { $0.uintContents = [1, 3, 0, 0] }),
                ("UINT32", { $0.uintContents = [1, 3, 0, 0] }), ("UINT64", { $0.uint64Contents = [1, 3, 0, 0] }),
                ("BOOL", { $0.boolContents = [true, false, false, false] }),
            ]
            for (datatype, fill) in fills {
                let (reply, answer) = try await harness.infer(GRPCHarness.request(datatype, [2, 2], fill))
                #expect(reply.status == 0, "\(datatype): \(reply.text)")
                let values = answer?.outputs.first?.contents.fp32Contents ?? []
                #expect(answer?.rawOutputContents.isEmpty == true)
                #expect(values.count == 2)
                #expect(abs(Double(values.first ?? 0) - GRPCHarness.logistic(1)) < 1e-6)
                #expect(values.last == 0.5)
            }
        }
    }

    @Test("Repeated numbers are read whether they are packed or not")
    func unpacked() async throws {
        try await GRPCHarness.run { harness in
            // model_name, then an input with shape and fp32_contents unpacked.
            func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
            let contents = GRPCHarness.bytes([0.5]) + [6 << 3 | 5] + GRPCHarness.bytes([7])
            let input =
                field(1, Array("x".utf8)) + field(2, Array("FP32".utf8)) + [3 << 3, 1, 3 << 3, 2]
                + field(5, [6 << 3 | 5] + contents)
            let message = field(1, Array("cancer".utf8)) + field(5, input)
            let reply = try await harness.caller.unary("\(GRPCHarness.service)/ModelInfer", message)
            #expect(reply.status == 0, "\(reply.text)")
        }
    }

    @Test("Half precision travels raw only")
    func halves() async throws {
        try await GRPCHarness.run { harness in
            // 0.5 in binary16 and in bfloat16.
            for (datatype, bits) in [("FP16", UInt16(0x3800)), ("BF16", UInt16(0x3F00))] {
                let raw = [UInt8(bits & 0xFF), UInt8(bits >> 8), 0, 0]
                let (reply, answer) = try await harness.infer(GRPCHarness.request(datatype, raw: raw))
                #expect(reply.status == 0, "\(reply.text)")
                let value = try outputs(answer)[0]
                #expect(abs(Double(value) - Self.half) < 1e-6)
                let (refused, _) = try await harness.infer(GRPCHarness.request(datatype) { $0.fp32Contents = [1, 2] })
                #expect(refused.status == 3)
                #expect(refused.text.contains("raw_input_contents"))
            }
        }
    }

    @Test(
        "What does not fit is INVALID_ARGUMENT and names both sizes",
        arguments: [
            (GRPCHarness.request(raw: [0, 0, 0]), "3 bytes"),
            (GRPCHarness.request("FP32", [1, 3], raw: GRPCHarness.bytes([1, 2, 3])), "expected [n, 2]"),
            (GRPCHarness.request("FP32", [1, 2]) { $0.fp32Contents = [1] }, "2 elements, but 1"),
            (GRPCHarness.request("FP32", [1, 2]) { $0.int64Contents = [1, 2] }, "fp32_contents"),
            (GRPCHarness.request("INT8", [1, 2]) { $0.intContents = [1, 300] }, "300"),
            (GRPCHarness.request("FP33", [1, 2]) { $0.fp32Contents = [1, 2] }, "FP33"),
            (GRPCHarness.request("FP32", [-1, 2]) { $0.fp32Contents = [1, 2] }, "negative"),
            (GRPCHarness.request("FP32", [Int64.max, 2]) { $0.fp32Contents = [1, 2] }, "elements"),
            (GRPCHarness.request("BYTES", [1, 2]) { $0.bytesContents = [.init(), .init()] }, "numbers"),
            (Inference_ModelInferRequest.with { $0.modelName = "cancer" }, "'inputs' is empty"),
            (Inference_ModelInferRequest(), "name is missing"),
        ]
    )
    func refusals(request: Inference_ModelInferRequest, expected: String) async throws {
        try await GRPCHarness.run { harness in
            let (reply, _) = try await harness.infer(request)
            #expect(reply.status == 3)
            #expect(reply.text.contains(expected), "\(reply.text)")
        }
    }

    @Test("Both kinds of contents at once, and an unknown output, are refused")
    func both() async throws {
        try await GRPCHarness.run { harness in
            var request = GRPCHarness.request(raw: GRPCHarness.bytes([1, 2]))
            request.inputs[0].contents.fp32Contents = [1, 2]
            let reply1 = try await harness.infer(request).0
            #expect(reply1.status == 3)
            request = GRPCHarness.request(raw: GRPCHarness.bytes([1, 2]))
            request.rawInputContents.append(.init())
            let reply2 = try await harness.infer(request).0
            #expect(reply2.text.contains("2 entries"))
            request = GRPCHarness.request(raw: GRPCHarness.bytes([1, 2]))
            request.outputs = [.with { $0.name = "other" }]
            let reply3 = try await harness.infer(request).0
            #expect(reply3.text.contains("other"))
        }
    }

    @Test("An unknown model or version is NOT_FOUND")
    func unknown() async throws {
        try await GRPCHarness.run { harness in
            for (name, version) in [("nobody", ""), ("cancer", "7"), ("cancer", "x")] {
                var request = GRPCHarness.request(raw: GRPCHarness.bytes([1, 2]))
                request.modelName = name
                request.modelVersion = version
                let reply4 = try await harness.infer(request).0
                #expect(reply4.status == 5)
            }
        }
    }

    @Test("A stream answers in order; an error is an answer, or the end for who asks for that")
    func stream() async throws {
        try await GRPCHarness.run { harness in
            var wrong = GRPCHarness.request(raw: [1])
            wrong.id = "wrong"
            let right = GRPCHarness.request(raw: GRPCHarness.bytes([0.5, 1]))
            let body = try [right, wrong, right].flatMap { GRPCCaller.framed(try $0.serializedBytes()) }
            let path = "\(GRPCHarness.service)/ModelStreamInfer"
            let reply = try await harness.caller.call(path, body)
            let answers = try reply.messages.map {
                try Inference_ModelStreamInferResponse(serializedBytes: Array($0.readableBytesView))
            }
            #expect(reply.status == 0)
            #expect(answers.map(\.errorMessage.isEmpty) == [true, false, true])
            #expect(answers.first?.inferResponse.id == "one")
            let ended = try await harness.caller.call(path, body, headers: [("triton_grpc_error", "true")])
            #expect(ended.status == 3)
            #expect(ended.messages.count == 1)
        }
    }

    @Test("A request is in the ledger under its protocol and id")
    func ledger() async throws {
        try await GRPCHarness.run { harness in
            _ = try await harness.infer(GRPCHarness.request(raw: GRPCHarness.bytes([1, 2])))
            try await harness.serving.ledger.flush()
            let page = try await harness.serving.ledger.recentRows("cancer", limit: 10)
            #expect(page.contains { $0.id == "one" && $0.via == "grpc" })
        }
    }
}
