import Argo
import Core
import Testing
import Yams

/// What is written is what every parser reads.
struct YAMLTextTests {
    private static let texts = [
        "", " ", "plain", "two words", "yes", "No", "null", "~", "1", "-1", "1.5", "0x1F", "1e3", "- a", "a: b", "a #b",
        "#", "'",
        "\"", "\\", "a\nb", "a\nb\n", "a\n\nb\n", "\na", "a\n\n", " a\nb", "a \nb", "\ta\n", "a\r\nb", "{x}", "[x]",
        "*a", "&a",
        "!a", "%a", "@a", "`a", "a,b", "?", "|", ">", "ä", "😀", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "=", "<<",
        ".inf",
        "2026-01-01", "12:30:45", "true ", "on", "a:", ":a", "-", "--- a", "...", "/path/x", "{{=x}}", "a\n b\n",
    ]

    @Test("Every text comes back", arguments: texts)
    func comesBack(_ text: String) throws {
        let value: JSONValue = [
            "a": .string(text), "list": [.string(text), [.string(text)], ["k": .string(text), "l": [.string(text)]]],
        ]
        let read = try #require(try Yams.compose(yaml: YAMLText.write(value)))
        #expect(read["a"]?.string == text)
        #expect(read["a"]?.tag.description == "tag:yaml.org,2002:str", "a text stays a text")
        let list = try #require(read["list"]?.sequence)
        #expect(list[0].string == text && list[1].sequence?[0].string == text)
        #expect(list[2]["k"]?.string == text && list[2]["l"]?.sequence?[0].string == text)
    }

    @Test("Keys, empty things, numbers and nesting")
    func shapes() {
        let value: JSONValue = [
            "a": [:], "b": [], "c": [[:], []], "on": true, "1": 2.5, "n": .null,
            "d": ["e": ["f": [["g": 1, "h": [["i": 2]]]]]],
            "script": "one\n  two\n",
        ]
        #expect(
            YAMLText.write(value) == """
                a: {}
                b: []
                c:
                - {}
                - []
                "on": true
                "1": 2.5
                "n": null
                d:
                  e:
                    f:
                    - g: 1
                      h:
                      - i: 2
                script: |
                  one
                    two

                """
        )
    }
}
