import Core
import Testing

@Suite struct JSONTests {
    @Test func valuesRoundTrip() throws {
        let text = #"{"a":[1,-2.5,true,false,null,"x\"\\\n\u0001é😀"],"b":{"c":{}},"d":[]}"#
        let value = try JSONValue.parse(text)
        #expect(value.description == text)
        #expect(value["a"]?.arrayValue?[0] == .integer(1))
        #expect(value["a"]?.arrayValue?[1] == .number(-2.5))
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{a:1}", "01", "1.", ".5", "-", "+1", "1e",
        "1e999",
        "nul", "truefalse", "\"\u{1}\"", "\"abc", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "[1] x", "NaN", "'a'",
        "\"\\u12\"", "{\"a\"}", "{\"a\" 1}", "]", "[", "\"\\",
    ])
    func malformedTextIsRefused(text: String) {
        let error = #expect(throws: MartletError.self) { try JSONValue.parse(text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: MartletError.self) { try JSONValue.parse([0x22, 0xFF, 0x22]) }
        #expect(throws: MartletError.self) { try JSONValue.parse([0x22, 0x5C, 0x6E, 0xC3, 0x22]) }
    }

    @Test func depthIsBoundedAtTheLimit() throws {
        let limit = CoreLimits.jsonDepth
        let fits = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(throws: Never.self) { try JSONValue.parse(fits) }
        for depth in [limit + 1, 100_000] {
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(throws: MartletError.self) { try JSONValue.parse(deep) }
            deep.withCString { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: deep.utf8.count) { bytes in
                    var reader = JSONReader(UnsafeBufferPointer(start: bytes, count: deep.utf8.count))
                    #expect(throws: MartletError.self) { try reader.skipValue() }
                }
            }
        }
    }

    @Test func whatIsParsedIsSkippedToo() throws {
        let limit = CoreLimits.jsonDepth
        let text = String(repeating: "[", count: limit) + "\"x\"" + String(repeating: "]", count: limit)
        #expect(throws: Never.self) { try JSONValue.parse(text) }
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            try reader.skipValue()
            try reader.expectEnd()
        }
    }

    @Test func aLongKeyIsNotRepeatedInTheError() {
        let key = String(repeating: "k", count: 10_000)
        let error = #expect(throws: MartletError.self) { try JSONValue.parse("{\"\(key)\":1,\"\(key)\":2}") }
        #expect((error?.message.utf8.count ?? .max) < 300)
    }

    @Test func sizeIsBounded() {
        let error = #expect(throws: MartletError.self) { try JSONValue.parse("[1,2,3]", limits: JSONLimits(bytes: 6)) }
        #expect(error?.code == .payloadTooLarge)
        #expect(throws: Never.self) { try JSONValue.parse("[1,2,3]", limits: JSONLimits(bytes: 7)) }
    }

    @Test(arguments: [
        "0", "-0.0", "1e22", "1e23", "0.1", "123456789012345678.5", "1.7976931348623157e308", "5e-324", "0.000006193",
        "123456789.123456789012345678901234567890", "2.2250738585072011e-308", "9007199254740993.0", "1e-400",
        "100000000000000000000000", "7.2057594037927933e16",
    ])
    func numbersAreExact(text: String) throws {
        #expect(try JSONValue.parse(text).doubleValue?.bitPattern == Double(text)?.bitPattern)
    }

    @Test func randomDoublesRoundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(try JSONValue.parse(value.description).doubleValue == value)
        }
    }

    @Test func integersKeepTheirRange() throws {
        #expect(try JSONValue.parse("9223372036854775807") == .integer(.max))
        #expect(try JSONValue.parse("-9223372036854775808") == .integer(.min))
        #expect(try JSONValue.parse("9223372036854775808") == .number(0x1p63))
        #expect(try JSONValue.parse("-9223372036854775809").integerValue == nil)
        #expect(try JSONValue.parse("1.5").integerValue == nil)
        #expect(try JSONValue.parse("1e3").integerValue == 1000)
    }

    @Test func nonFiniteTokensNeedPermission() throws {
        let text = "[NaN,Infinity,-Infinity]"
        #expect(throws: MartletError.self) { try JSONValue.parse(text) }
        let values = try JSONValue.parse(text, limits: .lenientNumbers).arrayValue ?? []
        #expect(values.count == 3)
        #expect(values.first?.doubleValue?.isNaN == true)
        #expect(values.last?.doubleValue == -.infinity)
        #expect(JSONValue.array(values).description == "[null,null,null]")
    }

    @Test func largeObjectsKeepOrderAndFindKeys() throws {
        var object = JSONObject()
        for index in 0..<100 { object["k\(index)"] = .int(index) }
        object["k50"] = nil
        object["k10"] = "changed"
        #expect(object.count == 99)
        #expect(object["k50"] == nil)
        #expect(object["k99"] == .integer(99))
        #expect(object["k10"] == "changed")
        #expect(object.keys.first == "k0")
    }
}

@Suite struct JSONFieldsTests {
    @Test func errorsNameTheField() throws {
        let fields = try JSONFields(["a": ["b": 1.5, "s": 3, "d": "4x"]] as JSONObject).fields("a")
        let number = #expect(throws: MartletError.self) { try fields.int("b") }
        #expect(number?.message == "'a.b' must be a whole number, but is 1.5.")
        let text = #expect(throws: MartletError.self) { try fields.string("s") }
        #expect(text?.message == "'a.s' must be a string, but is 3.")
        let absent = #expect(throws: MartletError.self) { try fields.string("none") }
        #expect(absent?.message == "'a.none' is missing.")
        let duration = #expect(throws: MartletError.self) { try fields.optionalDuration("d") }
        #expect(duration?.message.contains("'a.d' must be a duration") == true)
        let unknown = #expect(throws: MartletError.self) { try fields.rejectUnknown(["b", "s"]) }
        #expect(unknown?.message == "'a.d' is not a known key; allowed here: b, s.")
    }

    @Test(arguments: [("250ms", 250), ("4s", 4000), ("1.5m", 90_000), ("1h", 3_600_000), ("1d", 86_400_000)])
    func durationsAreRead(text: String, milliseconds: Int64) {
        #expect(Duration(writtenAs: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "s", "-1s", "1e99d", "nans", "4", "4 s x"])
    func wrongDurationsAreRefused(text: String) {
        #expect(Duration(writtenAs: text) == nil)
    }
}
