import Core
import HTTPTypes
import Ledger
import Serving
import Testing

@Suite("Open Inference V2: the binary tensor extension")
struct V2BinaryTests {
    private let path = "/v2/models/cancer/infer"
    private let length = "Inference-Header-Content-Length"

    private func bytes<Bits: FixedWidthInteger>(_ values: [Bits]) -> [UInt8] {
        values.flatMap { value in (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    }

    private func send(_ harness: ServingHarness, _ json: String, _ blob: [UInt8]) async throws -> HTTPAnswer {
        let headers = ["Content-Type": "application/octet-stream", length: "\(json.utf8.count)"]
        return try await harness.send(.post, path, Array(json.utf8) + blob, headers: headers)
    }

    private func input(_ type: String, _ size: Int) -> String {
        #"{"inputs":[{"name":"i","shape":[1,2],"datatype":"\#(type)","parameters":{"binary_data_size":\#(size)}}]}"#
    }

    @Test("Every numeric datatype is read little-endian")
    func datatypes() async throws {
        let harness = try await ServingHarness.serving()
        let blobs: [(String, [UInt8])] = [
            ("FP32", bytes([Float(0).bitPattern, Float(2).bitPattern])),
            ("FP64", bytes([Double(0).bitPattern, Double(2).bitPattern])), ("FP16", bytes([UInt16(0), 0x4000])),
            ("BF16", bytes([UInt16(0), 0x4000])), ("INT8", bytes([Int8(0), 2])), ("INT16", bytes([Int16(0), 2])),
            ("INT32", bytes([Int32(0), 2])), ("INT64", bytes([Int64(0), 2])), ("UINT8", bytes([UInt8(0), 2])),
            ("UINT16", bytes([UInt16(0), 2])), ("UINT32", bytes([UInt32(0), 2])), ("UINT64", bytes([UInt64(0), 2])),
        ]
        for (type, blob) in blobs {
            let answer = try await send(harness, input(type, blob.count), blob)
            #expect(answer.status == 200, "\(type): \(answer.text)")
            let row = try await harness.ledger.recentRows("cancer", limit: 1).first?.features
            #expect(row == [0, 2], "\(type)")
        }
        #expect(try await send(harness, input("BOOL", 2), [0, 1]).status == 200)
    }

    @Test("Half precision: subnormal, negative and one")
    func half() async throws {
        let harness = try await ServingHarness.serving()
        for (bits, value) in [(UInt16(0x0001), Float(0x1p-24)), (0xC500, -5), (0x3C00, 1), (0x7BFF, 65504)] {
            #expect(try await send(harness, input("FP16", 4), bytes([bits, 0])).status == 200)
            #expect(try await harness.ledger.recentRows("cancer", limit: 1).first?.features == [value, 0])
        }
        #expect(try await send(harness, input("FP16", 4), bytes([UInt16(0x7C00), 0])).status == 400)
    }

    @Test("Outputs come as blobs when asked for, by output or for all, in the order asked")
    func binaryOutputs() async throws {
        let harness = try await ServingHarness.serving()
        let json =
            #"{"id":"b","inputs":[{"name":"i","shape":[1,2],"datatype":"FP32","data":[0,1]}],"outputs":[{"name":"label"},{"name":"predict","parameters":{"binary_data":true}}],"parameters":{"binary_data_output":true}}"#
        let answer = try await harness.send(.post, path, json)
        let size = try #require(answer.headers[HTTPField.Name(length) ?? .accept].flatMap { Int($0) })
        #expect(answer.headers[.contentType] == "application/octet-stream")
        let head = try JSONValue.parse(answer.bytes[..<size])
        #expect(head["outputs"]?.arrayValue?.map { $0["parameters"]?["binary_data_size"] } == [10, 4])
        #expect(Array(answer.bytes[size...]) == [6, 0, 0, 0] + Array("benign".utf8) + bytes([Float(0.5).bitPattern]))
        let mixed = json.replacing(#"{"name":"label"}"#, with: #"{"name":"label","parameters":{"binary_data":false}}"#)
        let second = try await harness.send(.post, path, mixed)
        let secondSize = try #require(second.headers[HTTPField.Name(length) ?? .accept].flatMap { Int($0) })
        #expect(second.bytes.count - secondSize == 4)
    }

    @Test("A header of 0 makes the whole body the input's blob")
    func rawBody() async throws {
        let harness = try await ServingHarness.serving()
        let blob = bytes([Float(0).bitPattern, Float(2).bitPattern])
        let answer = try await harness.send(.post, path, blob, headers: [length: "0"])
        #expect(answer.status == 200)
        #expect(answer.bytes.suffix(4) == bytes([Float(0.5).bitPattern])[...])
        #expect(try await harness.send(.post, path, blob + [1], headers: [length: "0"]).status == 400)
    }

    @Test("Sizes that do not add up are refused", arguments: ["-1", "x", "99999", "9223372036854775808"])
    func badHeader(value: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, Array(input("FP32", 8).utf8), headers: [length: value])
        #expect(answer.status == 400)
        #expect(answer.text.contains("Inference-Header-Content-Length"))
    }

    @Test("Blobs that are short, long, unannounced or sent twice are refused")
    func badBlobs() async throws {
        let harness = try await ServingHarness.serving()
        let blob = bytes([Float(0).bitPattern, Float(2).bitPattern])
        let both = input("FP32", 8).replacing(#""parameters""#, with: #""data":[0,1],"parameters""#)
        for (json, blob, reason) in [
            (input("FP32", 8), Array(blob.dropLast()), "ends early"), (input("FP32", 8), blob + [0], "add up to 8"),
            (input("FP32", 7), blob, "ask for 8"), (input("FP32", 9_000_000_000), blob, "ask for 8"),
            (input("FP32", -8), blob, "whole number of bytes"), (both, blob, "both 'data' and binary"),
        ] {
            let answer = try await send(harness, json, blob)
            #expect(answer.status == 400)
            #expect(answer.text.contains(reason), "\(answer.text)")
        }
        let plain = try await harness.send(.post, path, blob, headers: ["Content-Type": "application/octet-stream"])
        #expect(plain.status == 400)
    }
}
