import Core
import Server
import Testing

@Suite struct YAMLDocumentTests {
    @Test func scalarsKeepTheirTypes() throws {
        let text = """
            a: 1
            b: 1.5
            c: "1"
            d: yes please
            e: true
            f: null
            g: [x, {y: 2}]
            h: 4s
            i: ~
            j: [no, yes, on, False]
            """
        let value = try YAMLDocument.parse(text)
        let expected: JSONValue = [
            "a": 1, "b": 1.5, "c": "1", "d": "yes please", "e": true, "f": nil, "g": ["x", ["y": 2]], "h": "4s",
            "i": nil, "j": ["no", "yes", "on", false],
        ]
        #expect(value == expected)
        #expect(try YAMLDocument.parse("") == .null)
    }

    @Test func anchorsAreExpanded() throws {
        let value = try YAMLDocument.parse("a: &x [1, 2]\nb: *x\n")
        #expect(value["b"] == [1, 2])
    }

    @Test(arguments: ["a: [1", "a: 1\na: 2", "a: *missing", "? [1]\n: 2", "\t- a", "a: b: c"])
    func malformedTextIsRefused(text: String) {
        let error = #expect(throws: MartletError.self) { try YAMLDocument.parse(text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func repeatedKeysAreNamed() {
        let error = #expect(throws: MartletError.self) { try YAMLDocument.parse("tasks:\n  a: 1\n  a: 2\n") }
        #expect(error?.message.contains("'a' appears twice") == true)
    }

    @Test func bombsAreDefused() {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        let error = #expect(throws: MartletError.self) { try YAMLDocument.parse(bomb) }
        #expect(error?.message.contains("\(YAMLDocument.maximumNodes) nodes") == true)
    }

    @Test func nestingIsBoundedInEveryStyle() throws {
        let limit = YAMLDocument.maximumDepth
        let fits = String(repeating: "[", count: limit - 1) + String(repeating: "]", count: limit - 1)
        #expect(throws: Never.self) { try YAMLDocument.parse(fits) }
        let blocks = (0..<5000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        for deep in [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000), blocks,
        ] {
            #expect(throws: MartletError.self) { try YAMLDocument.parse(deep) }
        }
    }

    @Test func sizeIsBounded() {
        let text = "a: " + String(repeating: "x", count: YAMLDocument.maximumBytes)
        let error = #expect(throws: MartletError.self) { try YAMLDocument.parse(text) }
        #expect(error?.code == .payloadTooLarge)
    }
}
