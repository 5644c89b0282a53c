import Core
import GitOps
import Testing

@Suite("GitOps: one value of a YAML file")
struct YAMLEditTests {
    private func edit(
        _ text: String,
        _ path: String = "deployments.cancer.version",
        _ value: String = "4",
        document: Int? = nil
    ) throws -> String {
        let change = try YAMLEdit.replace(try YAMLPath(path), with: value, document: document, in: Array(text.utf8))
        return String(decoding: change.bytes, as: UTF8.self)
    }

    private func refusal(_ text: String, _ path: String = "a.b", _ value: String = "4") -> MartletError? {
        #expect(throws: MartletError.self) { try edit(text, path, value) }
    }

    @Test("Comments, order, quotes, blanks and the rest of the line stay")
    func keepsEverything() throws {
        let text = """
            # what serves
            version: 1   # of the file
            deployments:
              "other": {version: 3, alias: 'production'}
              cancer:   # the clinic's
                model:   cancer
                version:   3   # promoted by hand
                rollout: {steps: [10, 50,   100]}

            monitors: {}
            """
        let expected = text.replacing("version:   3   # promoted", with: "version:   4   # promoted")
        #expect(try edit(text) == expected)
    }

    @Test("Line ends of every kind, a byte order mark and other scripts before the value count right")
    func bytes() throws {
        #expect(try edit("a:\r\n  b: 3\r\nc: 5\r\n", "a.b") == "a:\r\n  b: 4\r\nc: 5\r\n")
        #expect(try edit("a:\n  b: 3", "a.b") == "a:\n  b: 4")
        #expect(try edit("\u{FEFF}a: {b: 3}\n", "a.b") == "\u{FEFF}a: {b: 4}\n")
        #expect(try edit("\u{FEFF}b: 3\n", "b") == "\u{FEFF}b: 4\n")
        #expect(try edit("ключ: \"é𝄞\"\na: {é: 𝄞, b: 3}\n", "a.b") == "ключ: \"é𝄞\"\na: {é: 𝄞, b: 4}\n")
        #expect(try edit("a: 1\rb: 3\rc: 2\r", "b") == "a: 1\rb: 4\rc: 2\r")
    }

    @Test(
        "The new value is written as the old one was",
        arguments: [
            ("a: {b: 3}", "4", "a: {b: 4}"), ("a: {b: '3'}", "4", "a: {b: '4'}"),
            ("a: {b: \"3\", c: 1}", "4", "a: {b: \"4\", c: 1}"),
            ("a:\n  b: v1\n", "it's", "a:\n  b: it's\n"), ("a:\n  b: 'v1'\n", "it's", "a:\n  b: 'it''s'\n"),
            ("a:\n  b: \"v\\u0031 \\\"x\"\n", "say \"4\" \\", "a:\n  b: \"say \\\"4\\\" \\\\\"\n"),
            ("a:\n  b: models:/cancer/3 # uri\n", "models:/cancer/4", "a:\n  b: models:/cancer/4 # uri\n"),
            ("a: [x, {b: 3}]", "4", "a: [x, {b: 4}]"),
        ]
    )
    func styles(_ text: String, _ value: String, _ expected: String) throws {
        let path = text.contains("[x") ? "a.1.b" : "a.b"
        #expect(try edit(text, path, value) == expected)
    }

    @Test("A value that is there already changes nothing")
    func same() throws {
        let change = try YAMLEdit.replace(try YAMLPath("a"), with: "4", in: Array("a: 4 # x".utf8))
        #expect(!change.isChanged)
        #expect(change.bytes == Array("a: 4 # x".utf8))
        let other = try YAMLEdit.replace(try YAMLPath("b"), with: "5", in: Array("a: 4\nb: 3\n".utf8))
        #expect(other.old == "3" && other.line == 2 && other.isChanged)
    }

    @Test(
        "What cannot be done exactly is refused, and the message says why",
        arguments: [
            ("a: {b: &x 3}\nc: *x", "anchor"), ("x: &x 3\na: {b: *x}", "anchor"), ("a: {b: !!int 3}", "tag"),
            ("x: &x {b: 3}\na: *x", "anchor"), ("a: &x {b: 3}\nc: *x", "anchor"),
            ("a:\n  b: |\n    3\n", "block"), ("a:\n  b: >-\n    3\n", "block"),
            ("a:\n  b: one\n    two\n", "several lines"), ("a:\n  b: \"one\n    two\"\n", "several lines"),
            ("a:\n  b:\n", "empty"), ("a: {b: {c: 3}}", "no single value"), ("a: {b: [3]}", "no single value"),
            ("a: {c: 3}", "no 'b' under 'a'"), ("a: 3", "single value"), ("c: 3", "no 'a' at the top"),
            ("x: &x {b: 3}\na: {<<: *x, c: 1}", "merged"), ("a: {b: 3, b: 3}", "twice"), ("a: {b: 3", "malformed"),
            ("a: {b: 3}\n---\na: {b: 3}\n", "documents"), ("", "empty"),
        ]
    )
    func refusals(_ text: String, _ reason: String) throws {
        let error = try #require(refusal(text))
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test("A value that would be read as another type, or break the file, is refused")
    func types() throws {
        for (text, value) in [
            ("a: {b: 3}", "four"), ("a: {b: prod}", "4"), ("a: {b: prod}", "true"), ("a: {b: prod}", "x, c: 1"),
            ("a:\n  b: prod\n", "x # y"), ("a:\n  b: prod\n", "x: y"), ("a:\n  b: prod\n", " x"),
            ("a: {b: prod}", "null"),
            ("a:\n  b: prod\n", "- x"), ("a:\n  b: prod\n", "&x y"), ("a:\n  b: prod\n", "{c"),
        ] {
            #expect(throws: MartletError.self, "\(value)") { try edit(text, "a.b", value) }
        }
        for value in ["", "a\nb", "a\tb", "a\u{85}b", "a\u{2028}b", String(repeating: "x", count: 1001)] {
            #expect(throws: MartletError.self) { try edit("a: {b: prod}", "a.b", value) }
        }
        let longest = String(repeating: "x", count: GitOpsLimits.valueCharacters)
        #expect(try edit("a: {b: prod}", "a.b", longest).count == "a: {b: }".count + GitOpsLimits.valueCharacters)
    }

    @Test("A document of several is changed when it is named")
    func documents() throws {
        let text = "a: 1\n---\na: 1 # second\n---\nb: 1\n"
        #expect(try edit(text, "a", "2", document: 1) == "a: 1\n---\na: 2 # second\n---\nb: 1\n")
        #expect(throws: MartletError.self) { try edit(text, "a", "2", document: 3) }
        #expect(throws: MartletError.self) { try edit(text, "a", "2", document: 2) }
    }

    @Test("A thousand generated files: the value is another, everything else the same")
    func generated() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1000 {
            let style = Int.random(in: 0..<3, using: &generator)
            let quote = ["", "'", "\""][style]
            let comment = ["", " # c: 3", "   #"].randomElement(using: &generator) ?? ""
            let end = Bool.random(using: &generator) ? "\n" : "\r\n"
            let blank = String(repeating: " ", count: Int.random(in: 1..<4, using: &generator))
            let before = ["x: {y: 3}", "'a': é # b", "l: [1, 2]"].shuffled(using: &generator).joined(separator: end)
            let old = String(Int.random(in: 0..<1000, using: &generator))
            let new = String(Int.random(in: 1000..<2000, using: &generator))
            let text = "\(before)\(end)d:\(end)  v:\(blank)\(quote)\(old)\(quote)\(comment)\(end)z: \(old)"
            let expected = "\(before)\(end)d:\(end)  v:\(blank)\(quote)\(new)\(quote)\(comment)\(end)z: \(old)"
            #expect(try edit(text, "d.v", new) == expected)
        }
    }

    @Test("Limits: bytes, keys, nesting and values that aliases repeat")
    func limits() throws {
        let room = GitOpsLimits.fileBytes - "a: 9\n#".utf8.count
        let full = "a: 9\n#" + String(repeating: "x", count: room)
        #expect(try edit(full, "a", "8").utf8.count == GitOpsLimits.fileBytes)
        #expect(throws: MartletError.self) { try edit(full, "a", "10") }
        #expect(throws: MartletError.self) { try edit(full + "x", "a", "8") }
        let keys = (0..<GitOpsLimits.keyPathParts).map { "k\($0)" }
        #expect(try YAMLPath(parts: keys).parts.count == GitOpsLimits.keyPathParts)
        #expect(throws: MartletError.self) { try YAMLPath(parts: keys + ["more"]) }
        #expect(throws: MartletError.self) { try YAMLPath("a..b") }
        let open = String(repeating: "[", count: GitOpsLimits.nesting)
        let close = String(repeating: "]", count: GitOpsLimits.nesting)
        #expect(try edit("a: 1\nb: \(open)\(close)\n", "a", "2").hasPrefix("a: 2"))
        #expect(throws: MartletError.self) { try edit("a: 1\nb: [\(open)\(close)]\n", "a", "2") }
        var bomb = "a: 1\nl0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<6 {
            let copies = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
            bomb += "l\(level): &l\(level) [\(copies)]\n"
        }
        let error = try #require(refusal(bomb, "a", "2"))
        #expect(error.message.contains("too many values") && GitOpsLimits.comparedNodes == 200_000)
    }
}
