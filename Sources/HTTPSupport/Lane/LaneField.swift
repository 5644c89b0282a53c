/// What a header field means to the lane.
enum LaneField: Equatable {
    /// The fields whose values the lane or its routes read.
    case host, contentLength, contentType, connection, requestID, inferenceHeaderLength, requestTimeout, acceptEncoding
    /// Who asks, and for which workspace.
    case authorization, workspace
    /// Trace context; the routes decide whether it matters.
    case trace
    /// Says nothing that would change the answer to a prediction.
    case harmless
    /// Changes where the request ends or what the connection is: only the router's decoder may judge it.
    case framing
    /// Anything else: the router answers.
    case other

    /// The meaning of a name; letters in either case are equal.
    init(_ name: UnsafeBufferPointer<UInt8>) {
        func isIt(_ known: StaticString) -> Bool { Self.equal(name, known) }
        switch name.count {
        case 2: self = isIt("te") ? .framing : .other
        case 4: self = isIt("host") ? .host : .other
        case 6: self = isIt("accept") ? .harmless : isIt("expect") ? .framing : isIt("pragma") ? .harmless : .other
        case 7: self = isIt("upgrade") || isIt("trailer") ? .framing : .other
        case 10:
            self =
                isIt("connection")
                ? .connection
                : isIt("user-agent") || isIt("keep-alive")
                    ? .harmless
                    : isIt("tracestate") ? .trace : .other
        case 11: self = isIt("traceparent") ? .trace : .other
        case 12: self = isIt("content-type") ? .contentType : isIt("x-request-id") ? .requestID : .other
        case 13: self = isIt("cache-control") ? .harmless : isIt("authorization") ? .authorization : .other
        case 14: self = isIt("content-length") ? .contentLength : isIt("http2-settings") ? .framing : .other
        case 15:
            self =
                isIt("accept-encoding")
                ? .acceptEncoding
                : isIt("accept-language")
                    ? .harmless
                    : isIt("request-timeout") ? .requestTimeout : .other
        case 16: self = isIt("proxy-connection") ? .framing : .other
        case 17: self = isIt("transfer-encoding") ? .framing : .other
        case 18: self = isIt("x-mlflow-workspace") ? .workspace : .other
        case 19: self = isIt("x-martlet-workspace") ? .workspace : .other
        case 31: self = isIt("inference-header-content-length") ? .inferenceHeaderLength : .other
        default: self = .other
        }
    }

    /// Whether `name` is `known` but for the case of its letters; `known` is in lower case.
    @inline(__always)
    static func equal(_ name: UnsafeBufferPointer<UInt8>, _ known: StaticString) -> Bool {
        guard name.count == known.utf8CodeUnitCount else { return false }
        let start = known.utf8Start
        for index in 0..<name.count {
            var byte = name[index]
            if byte &- 0x41 < 26 { byte |= 0x20 }
            if byte != start[index] { return false }
        }
        return true
    }
}
