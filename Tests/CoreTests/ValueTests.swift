import Core
import TestSupport
import Testing

@Suite struct ValueTests {
    @Test func identifiersAreUniqueAndWellFormed() {
        let many = Set((0..<1000).map { _ in Identifier.random() })
        #expect(many.count == 1000)
        #expect(many.allSatisfy(Identifier.isValid))
        #expect(Identifier.hexadecimal(0x0123_4567_89AB_CDEF, 1) == "0123456789abcdef0000000000000001")
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_795_250_096_123, "2026-11-21T08:34:56.123Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ])
    func timestampsPrint(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
    }

    @Test func timestampsClampInsteadOfTrapping() {
        let end = Timestamp(milliseconds: .max)
        #expect(end + .seconds(1) == end)
        #expect(Timestamp(milliseconds: .min) - .seconds(1) == Timestamp(milliseconds: .min))
        #expect((end - Timestamp(milliseconds: .min)) > .seconds(1))
    }

    @Test func tensorsCheckTheirShape() throws {
        #expect(throws: Never.self) { try Tensor(shape: [2, 3], elements: [Float](repeating: 0, count: 6)) }
        #expect(throws: Never.self) { try Tensor(shape: [0, 30], elements: [Double]()) }
        for shape in [[2, 4], [-1, -6], [Int.max, 2], [1 << 40, 1 << 40], [7]] {
            #expect(throws: MartletError.self) {
                try Tensor(shape: shape, elements: [Float](repeating: 0, count: 6))
            }
        }
        #expect(throws: MartletError.self) {
            try Tensor.elementCount(of: .init(repeating: 1, count: CoreLimits.tensorRank + 1))
        }
    }

    @Test func tablesSelectAndFlatten() throws {
        let table = try CSV.parse("a,b,c\n1,2,x\n3,,\"y,\"\"z\"\n".utf8)
        #expect(table.rowCount == 2)
        #expect(table["b"]?.missingCount == 1)
        #expect(table["c"]?.values == .strings(["x", "y,\"z"]))
        #expect(String(decoding: CSV.write(table), as: UTF8.self) == "a,b,c\n1,2,x\n3,,\"y,\"\"z\"\n")
        #expect(try table.selecting([1, 7, -1]).rowCount == 1)
        #expect(try table.matrix(of: ["a"]) == [1, 3])
        #expect(throws: MartletError.self) { try table.matrix(of: ["c"]) }
        #expect(throws: MartletError.self) { try table.column("d") }
    }

    @Test(arguments: ["a,b\n1\n", "a,a\n1,2\n", "a\n\"open\n", ""])
    func wrongCSVIsRefused(text: String) {
        #expect(throws: MartletError.self) { try CSV.parse(text.utf8) }
    }

    @Test func emptyFieldsOfASingleColumnAreKept() throws {
        let table = try CSV.parse("a\n\"\"\n1\n".utf8)
        #expect(table.rowCount == 2)
        #expect(String(decoding: CSV.write(table), as: UTF8.self) == "a\n\"\"\n1\n")
    }

    @Test func csvFieldsAreBounded() throws {
        let field = String(repeating: "x", count: CoreLimits.csvFieldBytes)
        #expect(throws: Never.self) { try CSV.records((field + "\n").utf8) }
        #expect(throws: MartletError.self) { try CSV.records((field + "x\n").utf8) }
    }

    @Test func pageTokensRoundTripAndForgeriesAreRefused() throws {
        let value: JSONValue = ["offset": 10, "key": "ä"]
        let token = PageToken.encode(value)
        #expect(try PageToken.decode(token) == value)
        let long = String(repeating: "A", count: CoreLimits.pageTokenBytes + 1)
        for forged in ["", "-1", "1.5", "gASVCg", String(token.dropLast()), "A" + token, long, "é"] {
            #expect(throws: MartletError.self) { try PageToken.decode(forged) }
        }
    }

    @Test func signaturesReadBothOfMLflowsForms() throws {
        let columns = #"[{"type": "double", "name": "x", "required": true}]"#
        let text: JSONValue = ["inputs": .string(columns), "outputs": nil]
        let signature = try ModelSignature(json: text)
        #expect(signature.inputs == [ModelSignature.Field(name: "x", type: .double)])
        #expect(try ModelSignature(json: signature.json) == signature)
        let tensor: JSONValue = ["inputs": .string(#"[{"type":"tensor"}]"#)]
        #expect(throws: MartletError.self) { try ModelSignature(json: tensor) }
    }

    @Test func seedsRepeatAndDiffer() {
        var one = SeededGenerator(seed: 7)
        var two = SeededGenerator(seed: 7)
        var other = SeededGenerator(seed: 8)
        #expect((0..<10).map { _ in one.next() } == (0..<10).map { _ in two.next() })
        #expect(one.next() != other.next())
        #expect(one.permutation(50).sorted() == Array(0..<50))
        let mean = (0..<20_000).reduce(0.0) { sum, _ in sum + one.normal() } / 20_000
        #expect(abs(mean) < 0.03)
    }

    @Test func sleepersWakeWhenTimeHasCome() async throws {
        let manual = ManualClock()
        async let slept: Void = manual.clock.sleep(for: .seconds(5))
        while manual.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        manual.advance(by: .seconds(4))
        #expect(manual.sleeperCount == 1)
        manual.advance(by: .seconds(1))
        try await slept
    }
}
