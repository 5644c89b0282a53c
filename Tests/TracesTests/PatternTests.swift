import Core
import Testing
import Traces

@Suite struct PatternTests {
    private func occurs(_ pattern: String, _ text: String) throws -> Bool {
        var budget = TracesLimits.patternSteps
        return try LinearPattern(pattern).occurs(in: text, budget: &budget)
    }

    @Test(arguments: [
        ("b", "abc", true), ("^b", "abc", false), ("c$", "abc", true), ("^abc$", "abc", true), ("a.c", "axc", true),
        ("a.c", "a\nc", false), ("a|b", "xb", true), ("^(ab|c)+d$", "ababcd", true), ("^(ab|c)+d$", "abbd", false),
        ("^a{2,3}$", "aa", true), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaaa", true), ("^a{0,1}b", "b", true),
        ("^a{3}$", "aaa", true), ("a{x", "a{x", true), ("[a-c]\\d", "b7", true), ("[^a-c]", "abc", false),
        ("[]]", "]", true), ("[a-]", "-", true), ("\\w+@\\w+\\.com", "me@x.com", true), ("\\bcat\\b", "a cat!", true),
        ("\\bcat\\b", "concat", false), ("\\Bcat", "concat", true), ("(?i)ÄB", "äB", true), ("(?i)[A-Z]", "q", true),
        ("a*?b", "aab", true), ("", "", true), ("^$", "", true), ("(?:a|)b$", "b", true), ("\\.", "a", false),
        ("日.語", "日本語", true), ("\\S\\s\\D", "a b", true), ("(a*)*b", "aaaa", false), ("\\Aab\\z", "ab", true),
    ])
    func patternsMatchAsOthersDo(pattern: String, text: String, isThere: Bool) throws {
        #expect(try occurs(pattern, text) == isThere)
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "a**", "*a", "+", "(?=a)", "(?<n>a)", "\\1", "\\", "\\q", "a{3,1}", "[z-a]",
        "a{1001}", String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
    ])
    func wrongPatternsAreRefused(pattern: String) {
        #expect(throws: MartletError.self) { try LinearPattern(pattern) }
    }

    @Test func noPatternTakesLong() throws {
        // Engines that try one way after the other need ages for this one.
        #expect(try !occurs("^(a+)+$", String(repeating: "a", count: 5000) + "b"))
    }

    @Test func theLimitsAreEnforced() throws {
        let longest = String(repeating: "a", count: TracesLimits.patternCharacters)
        #expect(throws: Never.self) { try LinearPattern(longest) }
        #expect(throws: MartletError.self) { try LinearPattern(longest + "a") }
        // Each repetition of one character is one state; one more is the end.
        let fits = String(repeating: "a{1000}", count: TracesLimits.patternStates / 1000 - 1) + "a{999}"
        #expect(throws: Never.self) { try LinearPattern(fits) }
        #expect(throws: MartletError.self) { try LinearPattern(fits + "a") }
        var budget = 3
        #expect(throws: MartletError.self) { try LinearPattern("b").occurs(in: "aaaa", budget: &budget) }
    }
}
