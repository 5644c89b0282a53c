import Console
import Core
import Testing

/// Escaping, numbers, times and addresses as pages write them.
struct TextTests {
    @Test func escapesEveryCharacterThatMeansSomething() {
        #expect(
            Markup.escaped("<img src=x onerror=\"a('b')\">&")
                == "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;"
        )
        #expect(Markup.escaped("mean radius ≤ 4 – ünïcode 🐦") == "mean radius ≤ 4 – ünïcode 🐦")
        #expect(Markup.link("<b>", "/x?a=\"&b").html == "<a class=\"link\" href=\"/x?a=&quot;&amp;b\">&lt;b&gt;</a>")
        #expect(Markup.tag("\"><script>").html.contains("<script>") == false)
    }

    @Test(arguments: [
        (0.0, "0"), (0.98164, "0.9816"), (12_345, "12,345"), (12_345.678, "12,346"), (123.456, "123.5"), (1.5, "1.5"),
        (0.05, "0.05"), (0.00012345, "0.00012"), (3.21e-7, "3.21e−7"), (-0.25, "−0.25"), (1e20, "1e20"),
        (.nan, "–"), (.infinity, "∞"), (-.infinity, "−∞"), (9.9999, "10"),
    ])
    func writesValues(_ value: Double, _ text: String) {
        #expect(NumberText.value(value) == text)
    }

    @Test func writesUnits() {
        #expect(NumberText.count(Int64.min).hasPrefix("−9,223"))
        #expect(NumberText.count(1_234_567) == "1,234,567")
        #expect(NumberText.percent(0.0123) == "1.23%")
        #expect(NumberText.percent(1) == "100%")
        #expect(NumberText.percent(0.00001) == "<0.01%")
        #expect(NumberText.latency(seconds: 0.00082) == "820 µs")
        #expect(NumberText.latency(seconds: 0.0034) == "3.4 ms")
        #expect(NumberText.latency(seconds: 1.25) == "1.25 s")
        #expect(NumberText.bytes(512) == "512 B")
        #expect(NumberText.bytes(1_500_000) == "1.4 MiB")
        #expect(NumberText.rate(1204.4) == "1,204")
        #expect(NumberText.rate(0.04) == "0")
    }

    @Test func writesTimes() {
        let now = Timestamp(milliseconds: 1_774_099_939_000)
        func ago(_ seconds: Int64) -> String { TimeText.relative(now - .seconds(seconds), now: now) }
        #expect(ago(0) == "now")
        #expect(ago(12) == "12 s ago")
        #expect(ago(61) == "1 min ago")
        #expect(ago(7200) == "2 h ago")
        #expect(ago(3 * 86_400) == "3 d ago")
        #expect(ago(40 * 86_400) == "2026-02-09")
        #expect(ago(-200) == "in 3 min")
        #expect(TimeText(now, now: now).exact == "2026-03-21 13:32:19 UTC")
        #expect(TimeText.took(.milliseconds(420)) == "420 ms")
        #expect(TimeText.took(.milliseconds(3210)) == "3.2 s")
        #expect(TimeText.took(.seconds(64)) == "1 min 04 s")
        #expect(TimeText.took(.seconds(7500)) == "2 h 05 min")
        #expect(TimeText.took(.seconds(-5)) == "0 ms")
        #expect(TimeText.relative(Timestamp(milliseconds: .min), now: Timestamp(milliseconds: .max)).isEmpty == false)
    }

    @Test func encodesAddresses() {
        #expect(ConsolePath.of("models", "a/b c") == "/models/a%2Fb%20c")
        #expect(ConsolePath.of("models", "..") == "/models/%2E%2E")
        #expect(ConsolePath.of("models", "näh") == "/models/n%C3%A4h")
        #expect(ConsolePath.query("/x", [("filter", "a > 'b' & c")]) == "/x?filter=a%20%3E%20%27b%27%20%26%20c")
        #expect(ConsolePath.query("/x", []) == "/x")
    }
}
