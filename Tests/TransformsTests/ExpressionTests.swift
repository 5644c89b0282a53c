import Core
import Testing
import Transforms

/// The language of derived columns: what it computes, and that no text makes it fail in another way than with an error.
@Suite("Expressions")
struct ExpressionTests {
    private static let table: [Column] = [
        Column(name: "a", values: .numbers([4])), Column(name: "b", values: .numbers([0])),
        Column(name: "gone", values: .numbers([.nan])), Column(name: "mean radius", values: .numbers([2.5])),
        Column(name: "n", values: .integers([7])), Column(name: "t", values: .strings(["Abc"])),
        Column(name: "none", values: .strings([nil])),
        Column(name: "day", values: .strings(["2024-02-29T23:30:00+01:00"])),
    ]

    private func derived(_ expression: String) throws -> Column {
        let spec = TransformSpec(steps: [.derive(name: "x", try Expression.parse(expression, path: "e"))])
        let table = try Table(columns: Self.table)
        return try FittedTransform.fit(spec, table).apply(table).column("x")
    }

    @Test(arguments: [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ^ 3 ^ 2", 512), ("-2 ^ 2", -4), ("2 ^ -1", 0.5), ("7 % 3", 1),
        ("-7 % 3", 2), ("10 - 4 - 3", 3), ("a / 8", 0.5), ("`mean radius` * 2", 5), ("n + 0.5", 7.5),
        ("a > 3 and b == 0", 1), ("a > 3 && b != 0", 0), ("not (a > 3) or b == 0", 1), ("!a", 0),
        ("if(a > 3, 10, 20)", 10), ("abs(-3)", 3), ("min(3, 1, 2)", 1), ("max(3, a)", 4), ("sqrt(a)", 2),
        ("exp(0)", 1), ("log(1)", 0), ("log1p(0)", 0), ("log10(1000)", 3), ("round(2.5)", 3), ("round(-2.5)", -3),
        ("round(3.14159, 2)", 3.14), ("round(1234, -2)", 1200), ("floor(-1.5)", -2), ("ceil(-1.5)", -1),
        ("sign(-8)", -1), ("clip(9, 0, 5)", 5), ("pow(2, 10)", 1024), ("coalesce(gone, 3)", 3), ("is_missing(gone)", 1),
        ("is_missing(none)", 1), ("is_missing(t)", 0), ("in(a, 1, 4)", 1), ("in(t, 'x', 'Abc')", 1), ("t == 'Abc'", 1),
        ("t < 'B'", 1), ("length(t)", 3), ("contains(t, 'bc')", 1), ("starts_with(t, 'b')", 0),
        ("ends_with(t, 'c')", 1),
        ("number('1.5e1')", 15), ("lower(t) == \"abc\"", 1), ("concat(t, '-', string(n)) == 'Abc-7'", 1),
        ("year(day)", 2024), ("month(day)", 2), ("day(day)", 29), ("hour(day)", 23), ("minute(day)", 30),
        ("weekday(day)", 4), ("date('1970-01-02')", 86_400), ("days(day)", 19_782),
        ("date('1970-01-01T01:00:00.25+01:00')", 0.25), ("true + false", 1), ("round(pi, 3)", 3.142),
        ("'it''s' == \"it's\"", 1),
        ("false and gone", 0), ("gone or true", 1),
    ])
    func computes(_ expression: String, _ expected: Double) throws {
        let value = try #require(try derived(expression).numbers?.first)
        #expect(abs(value - expected) < 1e-12, "\(expression) is \(value)")
    }

    @Test(arguments: [
        "a / b", "b / b", "a % 0", "log(0)", "log(-1)", "sqrt(-1)", "exp(1000)", "10 ^ 400", "1e308 * 10", "gone + 1",
        "gone == gone", "if(gone, 1, 2)", "min(1, gone)", "number('0x10')", "number('inf')", "number(none)",
        "date('2023-02-29')", "date('yesterday')", "year(none)", "gone ^ 0", "missing", "true and gone", "in(gone, 1)",
    ])
    func isMissing(_ expression: String) throws {
        #expect(try derived(expression).numbers?.first?.isNaN == true, "\(expression)")
    }

    @Test(arguments: [
        "", "1 +", "(1", "1)", "a b", "foo(1)", "abs()", "abs(1, 2)", "if(1, 2)", "'open", "`open", "1 2", "#", "a = 1",
        "1e999", "1.2.3", "and", "t + 1", "t == 1", "lower(a)", "if(t, 1, 2)", "if(a, 1, 't')", "unknown + 1", "- t",
        "concat(a, t)", "coalesce(a, t)", "max(t)", "\u{0}", "a ! b", "round(t)", ",", "abs(,)", "in(a)", "1 & 2",
    ])
    func isRefused(_ expression: String) {
        #expect(throws: MartletError.self) { try derived(expression) }
    }

    @Test("Length, nesting and arguments have limits")
    func limits() throws {
        let deep = { (count: Int) in String(repeating: "(", count: count) + "1" + String(repeating: ")", count: count) }
        #expect(try derived(deep(TransformsLimits.expressionDepth - 1)).numbers == [1])
        #expect(throws: MartletError.self) { try derived(deep(TransformsLimits.expressionDepth)) }
        #expect(throws: MartletError.self) { try derived(String(repeating: "-", count: 500) + "1") }
        let long = { (count: Int) in "1" + String(repeating: " ", count: count - 1) }
        #expect(try derived(long(TransformsLimits.expressionBytes)).numbers == [1])
        #expect(throws: MartletError.self) { try derived(long(TransformsLimits.expressionBytes + 1)) }
        let sum = "max(" + Array(repeating: "1", count: TransformsLimits.arguments).joined(separator: ",")
        #expect(try derived(sum + ")").numbers == [1])
        #expect(throws: MartletError.self) { try derived(sum + ",1)") }
        let chain = Array(repeating: "1", count: 1000).joined(separator: "+")
        #expect(try derived(chain).numbers == [1000])
        let half = String(repeating: "x", count: 2000)
        let doubled = "concat('\(half)', '\(half)')"
        #expect(try derived("length(\(doubled))").numbers == [4000])
        let many = Array(repeating: "t", count: 60).joined(separator: ",")
        let nested = "concat(concat(\(many)), concat(\(many)))"
        #expect(try derived("length(\(nested))").numbers == [360])
        #expect(TransformsLimits.textBytes == 65_536)
    }

    @Test("Texts made of pieces of the language never trap")
    func noise() {
        let pieces = [
            "(", ")", "a", "t", "1", "'", "\"", "`", "+", "-", "^", ",", "if", "min(", " ", "and", "not", "e9", ".",
            "é",
        ]
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 1...12, using: &generator)).compactMap { _ in
                pieces.randomElement(using: &generator)
            }.joined()
            _ = try? derived(text)
        }
    }
}
