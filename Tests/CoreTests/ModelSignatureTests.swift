import Core
import Testing

/// What MLflow 3.17 writes for signatures, read and written again.
@Suite struct ModelSignatureTests {
    private static func signature(inputs: String, params: String? = nil) throws -> ModelSignature {
        var object: JSONObject = ["inputs": .string(inputs), "outputs": nil]
        if let params { object["params"] = .string(params) }
        return try ModelSignature(json: .object(object))
    }

    @Test func tensorsAreRead() throws {
        let signature = try Self.signature(
            inputs: #"""
                [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}, "name": "a"},
                 {"type": "tensor", "tensor-spec": {"dtype": "object", "shape": [-1]}, "name": "b"}]
                """#
        )
        #expect(signature.inputs.isEmpty && !signature.isSilent)
        #expect(signature.inputTensors == [TensorSpec("a", .float32, [-1, 4]), TensorSpec("b", .bytes, [-1])])
        #expect(try ModelSignature(json: signature.json) == signature)
        let single = try Self.signature(
            inputs: #"[{"type":"tensor","tensor-spec":{"dtype":"float64","shape":[-1,30]}}]"#
        )
        #expect(single.inputTensors == [TensorSpec("", .float64, [-1, 30])])
        #expect(try ModelSignature(json: single.json) == single)
    }

    @Test func nestedColumnsAreKept() throws {
        let signature = try Self.signature(
            inputs: #"""
                [{"type": "array", "items": {"type": "array", "items": {"type": "double"}}, "name": "m", "required": true},
                 {"type": "object", "properties": {"role": {"type": "string", "required": true},
                  "n": {"type": "long", "required": false}}, "name": "o", "required": false},
                 {"type": "map", "values": {"type": "boolean"}, "name": "p", "required": true},
                 {"type": "any", "name": "q", "required": true},
                 {"type": "sparkml_vector", "name": "v", "required": true}]
                """#
        )
        #expect(signature.inputs.map(\.type) == [.array, .object, .map, .any, .vector])
        #expect(signature.inputs[0].schema == .array(.array(.scalar(.double))))
        #expect(signature.inputs[1].isRequired == false)
        #expect(try ModelSignature(json: signature.json) == signature)
        let object = signature.inputs[1].schema
        try object.check(["role": "user"], at: "o")
        for (value, part) in [
            (["n": 1], "'o.role' is missing"), (["role": 1], "'o.role' must be text, but is 1"),
            (["role": "a", "n": 1.5], "'o.n' must be a whole number"), (["role": "a", "x": 1], "'o.x' is not known"),
            ([], "'o' must be an object, but is []"),
        ] as [(JSONValue, String)] {
            let error = try #require(throws: MartletError.self) { try object.check(value, at: "o") }
            #expect(error.code == .invalidArgument && error.message.contains(part), "\(error.message)")
        }
        let matrix = signature.inputs[0].schema
        let error = try #require(throws: MartletError.self) { try matrix.check([[1, 2], [3, "x"]], at: "m") }
        #expect(error.message.contains("'m[1][1]'"))
    }

    @Test(
        "what is no signature is refused, naming the field",
        arguments: [
            (#"[{"type":"tensor"}]"#, "tensor-spec"),
            (#"[{"type":"tensor","tensor-spec":{"dtype":"complex64","shape":[-1]}}]"#, "dtype"),
            (#"[{"type":"tensor","tensor-spec":{"dtype":"float32","shape":[-2]}}]"#, "shape"),
            (#"[{"type":"decimal","name":"x"}]"#, "type"),
            (#"[{"type":"array","name":"x"}]"#, "items"),
            (#"[{"type":"double","name":"x"},{"type":"tensor","tensor-spec":{"dtype":"int8","shape":[]}}]"#, "all"),
            (#"{"a":1}"#, "array"),
        ]
    )
    func refused(inputs: String, part: String) throws {
        let error = try #require(throws: MartletError.self) { try Self.signature(inputs: inputs) }
        #expect(error.code == .invalidArgument && error.message.contains(part), "\(error.message)")
    }

    private static let params = #"""
        [{"name": "temperature", "default": 0.5, "shape": null, "type": "double"},
         {"name": "stop", "default": ["a"], "shape": [-1], "type": "string"},
         {"name": "k", "default": 3, "shape": null, "dtype": "integer"},
         {"name": "when", "default": "2026-01-31T00:00:00", "shape": null, "type": "datetime"},
         {"name": "deep", "default": {"a": 1}, "shape": null, "type": "object",
          "properties": {"a": {"type": "long", "required": true}}}]
        """#

    @Test func parametersHaveDefaultsAndTypes() throws {
        let signature = try Self.signature(inputs: "[]", params: Self.params)
        #expect(try ModelSignature(json: signature.json) == signature)
        let none = try signature.parameters(from: [:])
        #expect(none["temperature"] == 0.5 && none["stop"] == ["a"] && none["k"] == 3)
        let given = try signature.parameters(from: ["temperature": 1, "stop": [], "k": 4.0, "deep": ["a": 2]])
        #expect(given["temperature"] == .number(1) && given["stop"] == [] && given["k"] == .integer(4))
        for (wrong, part) in [
            (["heat": 1], "takes temperature, stop"), (["k": 1.5], "'params.k' must be a whole number"),
            (["k": 3_000_000_000], "32 bits"), (["stop": "a"], "must be a list"), (["stop": [1]], "'params.stop[0]'"),
            (["temperature": "hot"], "must be a number, but is \"hot\""), (["when": "soon"], "ISO 8601"),
            (["deep": ["b": 1]], "'params.deep.a' is missing"),
        ] as [(JSONObject, String)] {
            let error = try #require(throws: MartletError.self) { try signature.parameters(from: wrong) }
            #expect(error.code == .invalidArgument && error.message.contains(part), "\(error.message)")
        }
        let silent = try Self.signature(inputs: "[]")
        #expect(throws: MartletError.self) { try silent.parameters(from: ["a": 1]) }
        #expect(try silent.parameters(from: [:]).isEmpty)
    }
}

/// Tensors as elements of other types.
@Suite struct TensorConversionTests {
    @Test func halvesRoundToNearestEven() throws {
        for bits in UInt16.min...UInt16.max {
            let single = HalfPrecision.single(bits)
            if single.isNaN {
                #expect(HalfPrecision.single(HalfPrecision.half(single)).isNaN)
            } else if HalfPrecision.half(single) != bits {
                Issue.record("\(bits)")
            }
        }
        #expect(HalfPrecision.half(1 + 0x1p-11) == HalfPrecision.half(1))
        #expect(HalfPrecision.half(1 + 0x3p-11) == HalfPrecision.half(1 + 0x1p-9))
        #expect(HalfPrecision.half(65519) == 0x7BFF && HalfPrecision.half(65520) == 0x7C00)
        #expect(BrainPrecision.brain(1) == 0x3F80 && BrainPrecision.brain(1 + 0x1p-8) == 0x3F80)
    }

    @Test func numbersConvertWhereTheyAreHeldExactly() throws {
        let doubles = try Tensor(shape: [3], elements: [1.0, -2, 100] as [Double])
        for type in DataType.allCases where type != .bytes && type != .bool {
            if type.rawValue.hasPrefix("UINT") {
                let error = try #require(throws: MartletError.self) { try doubles.converted(to: type) }
                #expect(error.message.contains("-2.0"))
            } else {
                #expect(try doubles.converted(to: type).doubles == [1, -2, 100])
            }
        }
        let large = try Tensor(shape: [1], elements: [Int64.max])
        #expect(try large.converted(to: .uint64).elements(UInt64.self) == [UInt64(Int64.max)])
        #expect(throws: MartletError.self) { try large.converted(to: .int32) }
        #expect(try Tensor(shape: [2], elements: [0, 1] as [Int64]).converted(to: .bool).packed == [0, 1])
        #expect(throws: MartletError.self) { try doubles.converted(to: .bool) }
        #expect(throws: MartletError.self) { try doubles.converted(to: .bytes) }
        let missing = try Tensor(shape: [1], elements: [Float.nan])
        #expect(throws: MartletError.self) { try missing.converted(to: .int64) }
        #expect(try missing.converted(to: .float16).floats?.first?.isNaN == true)
    }
}
