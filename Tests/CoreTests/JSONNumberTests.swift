import Core
import Foundation
import Testing

@Suite struct JSONNumberTests {
    private func double(_ text: String) throws -> Double {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            let value = try reader.readDouble()
            try reader.expectEnd()
            return value
        }
    }

    private func floats(_ text: String, limit: Int = 100) throws -> [Float] {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            var values: [Float] = []
            let count = try reader.readFloats(into: &values, upTo: limit) {
                MartletError(.payloadTooLarge, "too many")
            }
            #expect(count == values.count)
            return values
        }
    }

    /// `Double(String)` is the C library's correctly rounded conversion.
    @Test func everyNumberIsTheNearestDouble() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let any = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
            let near = Double.random(in: -1...1, using: &random) * pow(10, Double(Int.random(in: -12...12)))
            let digits = UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 0..<64, using: &random)
            let scaled = "\(digits)e\(Int.random(in: -90...90, using: &random))"
            let point = "0.000\(digits)"
            for text in [any.description, near.description, scaled, point] where Double(text)?.isFinite == true {
                #expect(try double(text).bitPattern == Double(text)?.bitPattern, "\(text)")
            }
        }
    }

    @Test(
        arguments: [
            "9007199254740993", "9007199254740992.5", "9007199254740993e0", "0.500000000000000166533453693773481063",
            "2.2250738585072011e-308", "1.7976931348623157e308", "5e-324", "1e23", "8.5e22", "123456789012345678901",
            "0.00012345678901234567", "-0", "-0.0", "0e999", "100000000000000016777215", "1e-65", "1e65",
            "4503599627370497.5",
            "1090544144181609348671888949248", "7205759403792794e-1", "72057594037927936.5",
        ]
    )
    func hardNumbersAreTheNearestDouble(text: String) throws {
        #expect(try double(text).bitPattern == Double(text)?.bitPattern)
    }

    @Test(arguments: ["", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "1e400", "NaN", "Infinity", "0x10", "1,5"])
    func whatIsNoNumberIsRefused(text: String) {
        #expect(throws: MartletError.self) { try double(text) }
    }

    @Test func floatsAreReadWithMissingOnes() throws {
        let values = try floats("[1, -2.5e-3 ,null,true,false, 16777217]")
        #expect(values.count == 6 && values[2].isNaN)
        #expect(values[0] == 1 && values[1] == -2.5e-3 && values[3] == 1 && values[4] == 0 && values[5] == 16_777_216)
        #expect(try floats("[]").isEmpty)
        #expect(try floats("[1,2]", limit: 2) == [1, 2])
        #expect(throws: MartletError.self) { try floats("[1,2,3]", limit: 2) }
        for text in ["[1e39]", "[\"1\"]", "[nul]", "[1 2]", "[1,]", "[[1]]"] {
            #expect(throws: MartletError.self) { try floats(text) }
        }
    }

    @Test func numbersAreWrittenShortAndReadBackTheSame() throws {
        for _ in 0..<5000 {
            let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max))
            guard value.isFinite else { continue }
            var writer = JSONWriter()
            writer.number(value)
            let text = String(decoding: writer.bytes, as: UTF8.self)
            #expect(Float(text) == value)
            #expect(Float(try double(text)) == value)
        }
    }
}
