import Testing

@Suite("Shape rules catch what they name")
struct ShapeRuleTests {
    private func file(_ text: String) -> SourceFile { SourceFile(path: "Sources/Core/Planted.swift", text: text) }

    private func function(lines: Int) -> SourceFile {
        file("func f() {\n" + String(repeating: "    g()\n", count: lines - 2) + "}\n")
    }

    @Test("a file at the limit and one past it")
    func fileLength() {
        #expect(ShapeRules.fileLength(file(String(repeating: "a\n", count: 500))).isEmpty)
        let violation = ShapeRules.fileLength(file(String(repeating: "a\n", count: 501))).first
        #expect(violation?.description.hasPrefix("Sources/Core/Planted.swift:501: 501 lines") == true)
    }

    @Test("a function at the limit and one past it")
    func functionLength() {
        #expect(ShapeRules.functionLength(function(lines: 70)).isEmpty)
        #expect(ShapeRules.functionLength(function(lines: 71)).map(\.line) == [1])
    }

    @Test("bodies are found behind long signatures, and requirements have none")
    func bodies() {
        let text = """
            protocol P {
                func requirement(a: Int) throws -> Int
                init(b: Int)
            }
            struct S: P {
                init(b: Int) {}
                func requirement(
                    a: Int
                ) throws
                    -> Int
                {
                    self.init(b: 1)
                    return [1].map { $0 }.count
                }
                func f(_ body: () -> Void = { g() }) where Int: Hashable { body() }
                deinit { g() }
            }
            """
        let found = ShapeRules.bodies(of: file(text))
        #expect(found.map(\.name) == ["init", "func requirement", "func f", "deinit "])
        #expect(found.map(\.first) == [6, 11, 15, 16])
        #expect(found.map(\.last) == [6, 14, 15, 16])
    }
}
