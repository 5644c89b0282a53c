/// Where a request stands in a distributed trace (W3C "Trace Context", version 00).
package struct TraceContext: Sendable, Equatable {
    /// High and low half of the trace's id; never both 0.
    package let traceID: (high: UInt64, low: UInt64)
    /// The span that caused the request, or the request's own span; never 0.
    package let spanID: UInt64
    /// Whether whoever began the trace wants it kept.
    package let isSampled: Bool
    /// What other vendors added (`tracestate`), passed on as it came.
    package let state: String?

    /// Makes a context.
    package init(traceID: (high: UInt64, low: UInt64), spanID: UInt64, isSampled: Bool, state: String? = nil) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// Reads a `traceparent` header; nil for one that is not valid, which the specification has ignored ("3.2.2").
    ///
    /// A version above 00 is read by its first four fields. `tracestate` is dropped when it is longer than
    /// `CoreLimits.traceStateBytes`.
    package init?(parent: some Collection<UInt8>, state: String? = nil) {
        let bytes = Array(parent)
        guard bytes.count >= 55, bytes.count <= CoreLimits.traceParentBytes,
            bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D,
            let version = Self.hexadecimal(bytes[0..<2]), version != 0xFF,
            version == 0 ? bytes.count == 55 : (bytes.count == 55 || bytes[55] == 0x2D),
            let high = Self.hexadecimal(bytes[3..<19]), let low = Self.hexadecimal(bytes[19..<35]),
            let span = Self.hexadecimal(bytes[36..<52]), let flags = Self.hexadecimal(bytes[53..<55]),
            high | low != 0, span != 0
        else { return nil }
        let kept = state.flatMap { $0.isEmpty || $0.utf8.count > CoreLimits.traceStateBytes ? nil : $0 }
        self.init(traceID: (high, low), spanID: span, isSampled: flags & 1 == 1, state: kept)
    }

    /// The context of a new trace.
    package static func root(isSampled: Bool) -> TraceContext {
        var generator = SystemRandomNumberGenerator()
        return TraceContext(
            traceID: (generator.next(), generator.next() | 1),
            spanID: generator.next() | 1,
            isSampled: isSampled
        )
    }

    /// The context of a new span below this one.
    package func child(isSampled: Bool? = nil) -> TraceContext {
        var generator = SystemRandomNumberGenerator()
        return TraceContext(
            traceID: traceID,
            spanID: generator.next() | 1,
            isSampled: isSampled ?? self.isSampled,
            state: state
        )
    }

    /// The trace's id as 32 digits.
    package var traceText: String { Identifier.hexadecimal(traceID.high, traceID.low) }

    /// The span's id as 16 digits.
    package var spanText: String { String(Identifier.hexadecimal(spanID, 0).prefix(16)) }

    /// The `traceparent` header that names this span.
    package var parent: String { "00-\(traceText)-\(spanText)-\(isSampled ? "01" : "00")" }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }

    package static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.traceID == right.traceID && left.spanID == right.spanID && left.isSampled == right.isSampled
            && left.state == right.state
    }
}
