import Core
import Synchronization
import Testing
import martlet

/// Tables and words as people see them.
struct TextTests {
    private func table() -> TextTable {
        var table = TextTable([
            .init(title: "RUN", isFixed: true), .init(title: "NAME"), .init(title: "STATE", colour: Words.colour),
            .init(title: "ROWS", alignment: .right), .init(title: "MESSAGE"),
        ])
        table.add(["0123456789abcdef", "plain", "succeeded", "1", "short"])
        table.add(["fedcba9876543210", "模型 with a long name, ünï", "failed", "1234567", "a message\nof two lines"])
        table.add(["x", "\u{1B}[2J\u{202E}evil", "running"])
        return table
    }

    private func text(_ table: TextTable, width: Int?, colours: Bool = false) -> String {
        let output = Mutex("")
        let terminal = Terminal(
            width: width,
            colours: colours,
            output: { text in output.withLock { $0 += text } },
            errors: { _ in }
        )
        table.write(to: terminal, empty: "Nothing.")
        return output.withLock { $0 }
    }

    @Test func tables() throws {
        let widths: [Int?] = [nil, 80, 50, 20]
        let texts = widths.map { width in
            "== width \(width.map { "\($0)" } ?? "unlimited")\n" + text(table(), width: width)
        }
        try expectGolden(texts.joined(separator: "\n"), "tables.txt")
    }

    @Test(arguments: [200, 100, 80, 60, 50])
    func tablesFitTheTerminal(_ width: Int) {
        for line in text(table(), width: width).split(separator: "\n") {
            #expect(DisplayText.width(String(line)) <= width)
        }
    }

    @Test func columnsShrinkNoFurtherThanTheyMayAndIdsNotAtAll() {
        let lines = text(table(), width: 1).split(separator: "\n")
        #expect(lines.allSatisfy { DisplayText.width(String($0)) > 1 })
        #expect(lines[1].hasPrefix("0123456789abcdef"))
        #expect(lines[0].contains("MESSAGE".prefix(CommandLimits.narrowestColumn - 1)))
    }

    @Test func nothingSteersTheTerminal() {
        #expect(!text(table(), width: nil).contains("\u{1B}"))
        #expect(text(table(), width: nil).contains("\\u{1b}[2J\\u{202e}evil"))
    }

    @Test func widths() {
        #expect(Terminal.width(reported: 72, columns: "200") == 72)
        #expect(Terminal.width(reported: 0, columns: "200") == 200)
        for columns in [nil, "", "x", "0", "-3"] {
            #expect(Terminal.width(reported: 0, columns: columns) == CommandLimits.defaultWidth)
        }
    }

    @Test func colours() {
        let coloured = text(table(), width: nil, colours: true)
        #expect(coloured.contains("\u{1B}[32msucceeded\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[31mfailed\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[33mrunning\u{1B}[0m"))
    }

    @Test func anEmptyTableSaysSo() {
        #expect(text(TextTable([.init(title: "A")]), width: nil) == "Nothing.\n")
    }

    @Test(arguments: [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abc", 1, "…"), ("abc", 0, ""), ("模型模型", 5, "模型…")])
    func fitting(_ text: String, _ columns: Int, _ fitted: String) {
        #expect(DisplayText.fitted(text, to: columns) == fitted)
        #expect(DisplayText.width(fitted) <= columns)
    }

    static let durationCases: [(Int64, String)] = [
        (0, "0ms"), (999, "999ms"), (1000, "1.0s"), (59_999, "59.9s"), (60_000, "1m 00s"), (3_599_999, "59m 59s"),
        (3_600_000, "1h 00m"), (90_061_000, "25h 01m"),
    ]

    @Test(arguments: durationCases)
    func durations(_ milliseconds: Int64, _ text: String) {
        #expect(Words.duration(milliseconds: milliseconds) == text)
    }

    static let valueCases: [(JSONValue?, String)] = [
        (nil, "–"), (.null, "–"), ("", "–"), ("x", "x"), (true, "yes"), (false, "no"), (3, "3"), (3.0, "3"),
        (0.956123, "0.9561"), (1e-7, "1e-07"), (.number(.nan), "NaN"), (.number(-.infinity), "-∞"), ([], "–"),
        (["a", 1], "a, 1"), (["seed": 7, "trials": 20], "seed=7 trials=20"),
    ]

    @Test(arguments: valueCases)
    func values(_ value: JSONValue?, _ text: String) {
        #expect(Words.text(value) == text)
    }

    @Test func times() {
        #expect(Words.time(1_767_225_600_000) == "2026-01-01 00:00:00")
        #expect(Words.time(nil) == "–" && Words.time(0) == "–" && Words.time("x") == "–")
        let now = Timestamp(milliseconds: 5000)
        #expect(Words.span(1000, 3500, now: now) == "2.5s")
        #expect(Words.span(1000, .null, now: now) == "4.0s")
        #expect(Words.span(9000, nil, now: now) == "0ms")
        #expect(Words.span(nil, 1, now: now) == "–")
        #expect(Words.integer("42") == 42 && Words.integer(42) == 42 && Words.integer("x") == nil)
    }
}
