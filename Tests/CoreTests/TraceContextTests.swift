import Core
import Testing

@Suite("W3C trace context")
struct TraceContextTests {
    private let sound = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test("A traceparent is read and written as it was")
    func roundTrip() throws {
        let context = try #require(TraceContext(parent: sound.utf8, state: "vendor=1"))
        #expect(context.traceText == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanText == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.state == "vendor=1")
        #expect(context.parent == sound)
    }

    @Test("A child keeps trace, state and sampling, and has a span of its own")
    func child() throws {
        let context = try #require(TraceContext(parent: sound.utf8, state: "a=b"))
        let child = context.child()
        #expect(child.traceID == context.traceID && child.state == "a=b" && child.isSampled)
        #expect(child.spanID != context.spanID && child.spanID != 0)
        let root = TraceContext.root(isSampled: false)
        #expect(TraceContext(parent: root.parent.utf8) == root)
    }

    @Test(
        "What is not valid counts as no context",
        arguments: [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        ]
    )
    func refused(text: String) {
        #expect(TraceContext(parent: text.utf8) == nil)
    }

    @Test("A later version is read by what this one knows; overlong headers are not read")
    func laterVersions() {
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-what"
        #expect(TraceContext(parent: later.utf8)?.isSampled == true)
        let long = later + String(repeating: "x", count: CoreLimits.traceParentBytes)
        #expect(TraceContext(parent: long.utf8) == nil)
        let state = String(repeating: "s", count: CoreLimits.traceStateBytes)
        #expect(TraceContext(parent: sound.utf8, state: state)?.state == state)
        #expect(TraceContext(parent: sound.utf8, state: state + "s")?.state == nil)
    }

    @Test(
        "Sizes are read as people write them",
        arguments: [
            ("512MiB", 536_870_912), ("2GB", 2_000_000_000), ("1.5Gi", 1_610_612_736), ("64 M", 64_000_000),
            ("1024", 1024),
            ("7b", 7),
        ]
    )
    func sizes(text: String, bytes: Int) {
        #expect(ByteCount.parse(text) == bytes)
    }

    @Test(
        "What is no size is refused",
        arguments: ["", "MiB", "-1", "1e3", "12 parsecs", "1.2.3k", "99999999999999999999G"]
    )
    func noSizes(text: String) {
        #expect(ByteCount.parse(text) == nil)
    }
}
