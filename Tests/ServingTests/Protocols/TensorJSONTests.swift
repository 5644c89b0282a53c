import Core
import Serving
import Testing

@Suite("Tensors in JSON")
struct TensorJSONTests {
    private func read(_ type: DataType, _ shape: [Int], _ data: String) throws -> Tensor {
        let bytes = Array(data.utf8)
        return try bytes.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            let tensor = try TensorJSON.tensor(named: "x", type, shape: shape, &reader)
            try reader.expectEnd()
            return tensor
        }
    }

    private func write(_ tensor: Tensor) throws -> String {
        var writer = JSONWriter()
        try writer.tensorData(tensor, named: "x")
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(
        "Every datatype keeps its whole range, flat and nested",
        arguments: [
            (DataType.bool, "[true,false,1,0]", "[true,false,true,false]"),
            (.int8, "[-128,127,0,1]", "[-128,127,0,1]"), (.uint8, "[255,0,1,2]", "[255,0,1,2]"),
            (.int16, "[-32768,32767,0,1]", "[-32768,32767,0,1]"), (.uint16, "[65535,0,1,2]", "[65535,0,1,2]"),
            (.int32, "[-2147483648,2147483647,0,1]", "[-2147483648,2147483647,0,1]"),
            (.uint32, "[4294967295,0,1,2]", "[4294967295,0,1,2]"),
            (
                .int64, "[-9223372036854775808,9223372036854775807,0,1]",
                "[-9223372036854775808,9223372036854775807,0,1]"
            ),
            (
                .uint64, "[18446744073709551615,9223372036854775808,0,1]",
                "[18446744073709551615,9223372036854775808,0,1]"
            ),
            (.float32, "[0.5,null,1e3,-2]", "[0.5,null,1000.0,-2.0]"),
            (.float64, "[0.1,null,1e300,-2]", "[0.1,null,1e+300,-2.0]"),
            (.bytes, #"["a","","ä\n","\u0041"]"#, #"["a","","ä\n","A"]"#),
        ]
    )
    func types(type: DataType, data: String, written: String) throws {
        let flat = try read(type, [4], data)
        #expect(try write(flat) == written)
        let inner = data.dropFirst().dropLast().split(separator: ",")
        let nested = "[[\(inner[0]),\(inner[1])],[\(inner[2]),\(inner[3])]]"
        #expect(try read(type, [2, 2], nested) == flat.reshaped([2, 2]))
        var writer = JSONWriter()
        try writer.nestedTensor(flat.reshaped([2, 1, 2]), named: "x")
        #expect(String(decoding: writer.bytes, as: UTF8.self).filter { $0 == "[" }.count == 5)
    }

    @Test(
        "What is not of the datatype is refused by its position",
        arguments: [
            (DataType.int8, "[1,128]", "Element 1 of the INT8 input 'x' does not fit"),
            (.uint8, "[-1,0]", "Element 0 of the UINT8 input 'x' does not fit"),
            (.int32, "[1.5,0]", "is not a whole number"), (.uint64, "[18446744073709551616,0]", "not a whole number"),
            (.uint64, "[-1,0]", "does not fit"), (.bool, "[2,0]", "neither true nor false"),
            (.bytes, "[1,2]", "is not a string"), (.float32, "[1e39,0]", "too large"),
            (.float64, #"["a",0]"#, "expected a number"), (.int64, "[null,0]", "expected a number"),
            (.float16, "[1,2]", "cannot be sent as JSON"), (.brain16, "[1,2]", "cannot be sent as JSON"),
            (.int64, "[1]", "2 elements, but 1"), (.int64, "[1,2,3]", "2 elements, but 3"),
            (.int64, "7", "'data' must be an array"),
        ]
    )
    func misfits(type: DataType, data: String, reason: String) {
        let error = #expect(throws: MartletError.self) { try read(type, [2], data) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("Nesting and size are bounded")
    func bounds() throws {
        let deepest = String(repeating: "[", count: CoreLimits.tensorRank)
        let closing = String(repeating: "]", count: CoreLimits.tensorRank)
        #expect(try read(.int64, [1], deepest + "1" + closing).count == 1)
        #expect(throws: MartletError.self) { try read(.int64, [1], "[" + deepest + "1" + closing + "]") }
        let error = #expect(throws: MartletError.self) {
            try read(.int64, [ServingLimits.valuesPerRequest + 1], "[]")
        }
        #expect(error?.code == .payloadTooLarge)
    }

    @Test("Half precision and texts that are no UTF-8 are not written")
    func unwritable() throws {
        let text = try Tensor(shape: [1], texts: [[0xFF]])
        #expect(throws: MartletError.self) { try write(text) }
    }

    @Test("Base64 is read strictly")
    func base64() {
        #expect(Base64Text.decode("".utf8) == [])
        #expect(Base64Text.decode("TWFu".utf8) == Array("Man".utf8))
        #expect(Base64Text.decode("TWE=".utf8) == Array("Ma".utf8))
        #expect(Base64Text.decode("TQ==".utf8) == Array("M".utf8))
        #expect(Base64Text.decode("++//".utf8) == [0xFB, 0xEF, 0xFF])
        for text in ["TQ=", "T===", "=AAA", "TQ==TQ==", "TW-u", "TWFu\n"] {
            #expect(Base64Text.decode(text.utf8) == nil, "\(text)")
        }
    }
}
