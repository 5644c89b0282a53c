import Testing

@Suite("Masking keeps code and blanks the rest")
struct SwiftMaskTests {
    @Test(
        "comments and strings",
        arguments: [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("f(\"x!\")", "f(\"  \")"),
            ("f(\"a\\\"b\")!", "f(\"    \")!"),
            ("f(\"\\(g(\"x\"))\")!", "f(\"         \")!"),
            ("let s = #\"a\"b\"#", "let s = #\"   \"#"),
            ("\"\"\"\n\"x\" try!\n\"\"\"\nb", "\"\"\"\n        \n\"\"\"\nb"),
            ("x = 1 // \"open", "x = 1         "),
        ]
    )
    func mask(text: String, expected: String) {
        #expect(SwiftMask.mask(text) == expected)
    }

    @Test(
        "an unfinished string or comment ends with the text",
        arguments: ["\"abc", "/* abc", "\"\\(abc", "\"\"\"abc"]
    )
    func unfinished(text: String) {
        #expect(SwiftMask.mask(text).count == text.count)
    }
}
