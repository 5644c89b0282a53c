/// A request head as the lane reads it: only the plainest form of HTTP/1.1 is understood, and everything in bytes.
///
/// What is understood means the same to every HTTP/1.1 parser: that is why the lane may find the request's end by it.
package struct LaneHead: Equatable {
    /// Where a value stands in the request's bytes.
    package typealias Place = Range<Int>

    /// What came of looking at the first bytes of a request.
    package enum Reading: Equatable {
        /// The head has not ended yet.
        case incomplete
        /// Not the plain form; only the router's decoder may judge it, and where it ends.
        case unusual
        /// A head in plain form.
        case head(LaneHead)
    }

    /// Whether the method is POST.
    package internal(set) var isPost = false
    /// The request target: begins with `/`, visible ASCII.
    package internal(set) var target: Place = 0..<0
    /// Length of the head with its empty line.
    package internal(set) var length = 0
    /// Length of the body.
    package internal(set) var bodyLength = 0
    /// Whether every field is one that the lane knows to handle.
    package internal(set) var isPlain = true
    /// Whether there is trace context.
    package internal(set) var hasTrace = false
    /// Value of `Host`.
    package internal(set) var host: Place?
    /// Value of `Content-Type`.
    package internal(set) var contentType: Place?
    /// Value of `X-Request-Id`.
    package internal(set) var requestID: Place?
    /// Value of `Inference-Header-Content-Length`.
    package internal(set) var inferenceHeaderLength: Place?
    /// Value of `Request-Timeout`.
    package internal(set) var requestTimeout: Place?
    /// Value of `Accept-Encoding`.
    package internal(set) var acceptEncoding: Place?
    /// Value of `Authorization`.
    package internal(set) var authorization: Place?
    /// Value of `X-MLFLOW-WORKSPACE` or `X-Martlet-Workspace`.
    package internal(set) var workspace: Place?
    private var hasLength = false

    private static let methods: [StaticString] = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"]

    /// Reads the head that begins at the first byte.
    package static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Reading {
        var head = LaneHead()
        var position = 0
        switch head.readRequestLine(bytes, &position) {
        case .incomplete: return .incomplete
        case .unusual: return .unusual
        case .done: break
        }
        var fields = 0
        while true {
            guard position < bytes.count else { return .incomplete }
            if bytes[position] == 0x0D {
                guard position + 1 < bytes.count else { return .incomplete }
                guard bytes[position + 1] == 0x0A else { return .unusual }
                head.length = position + 2
                // HTTP/1.1 asks for exactly one Host; the router's side says so to the client.
                return head.host == nil ? .unusual : .head(head)
            }
            fields += 1
            guard fields <= LaneLimits.headFields else { return .unusual }
            switch head.readField(bytes, &position) {
            case .incomplete: return .incomplete
            case .unusual: return .unusual
            case .done: break
            }
        }
    }

    private enum Part {
        case incomplete, unusual, done
    }

    private mutating func readRequestLine(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Part {
        var end = 0
        while end < bytes.count, bytes[end] &- 0x41 < 26 { end += 1 }
        guard end < bytes.count else { return end <= 7 ? .incomplete : .unusual }
        guard bytes[end] == 0x20 else { return .unusual }
        let method = UnsafeBufferPointer(rebasing: bytes[..<end])
        guard Self.methods.contains(where: { Self.equal(method, $0) }) else { return .unusual }
        isPost = Self.equal(method, "POST")
        let start = end + 1
        end = start
        while end < bytes.count, bytes[end] &- 0x21 < 0x5E { end += 1 }
        if start < bytes.count, bytes[start] != 0x2F { return .unusual }
        guard end < bytes.count else { return .incomplete }
        guard bytes[end] == 0x20, end > start else { return .unusual }
        target = start..<end
        let version: StaticString = "HTTP/1.1\r\n"
        for offset in 0..<version.utf8CodeUnitCount {
            guard end + 1 + offset < bytes.count else { return .incomplete }
            guard bytes[end + 1 + offset] == version.utf8Start[offset] else { return .unusual }
        }
        position = end + 1 + version.utf8CodeUnitCount
        return .done
    }

    private mutating func readField(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Part {
        let start = position
        var end = start
        while end < bytes.count, Self.isToken(bytes[end]) { end += 1 }
        guard end < bytes.count else { return .incomplete }
        guard end > start, bytes[end] == 0x3A else { return .unusual }
        let name = UnsafeBufferPointer(rebasing: bytes[start..<end])
        var first = end + 1
        while first < bytes.count, bytes[first] == 0x20 { first += 1 }
        end = first
        while end < bytes.count, bytes[end] &- 0x20 < 0x5F { end += 1 }
        guard end + 1 < bytes.count else {
            return end < bytes.count && bytes[end] != 0x0D ? .unusual : .incomplete
        }
        guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { return .unusual }
        position = end + 2
        while end > first, bytes[end - 1] == 0x20 { end -= 1 }
        return note(LaneField(name), bytes, first..<end) ? .done : .unusual
    }

    /// Takes a field in; false when the request's end depends on more than a plain length.
    private mutating func note(_ field: LaneField, _ bytes: UnsafeBufferPointer<UInt8>, _ value: Place) -> Bool {
        switch field {
        case .framing: return false
        case .contentLength:
            guard !hasLength, let length = Self.length(bytes, value) else { return false }
            hasLength = true
            bodyLength = length
        case .host:
            guard host == nil, !value.isEmpty else { return false }
            host = value
        case .connection:
            return LaneField.equal(UnsafeBufferPointer(rebasing: bytes[value]), "keep-alive")
        case .trace: hasTrace = true
        case .harmless: break
        case .other: isPlain = false
        case .contentType: Self.keep(&contentType, value, &isPlain)
        case .requestID: Self.keep(&requestID, value, &isPlain)
        case .inferenceHeaderLength: Self.keep(&inferenceHeaderLength, value, &isPlain)
        case .requestTimeout: Self.keep(&requestTimeout, value, &isPlain)
        case .acceptEncoding: Self.keep(&acceptEncoding, value, &isPlain)
        case .authorization: Self.keep(&authorization, value, &isPlain)
        case .workspace: Self.keep(&workspace, value, &isPlain)
        }
        return true
    }

    /// Keeps a value; a field that is given twice is for the router.
    private static func keep(_ place: inout Place?, _ value: Place, _ isPlain: inout Bool) {
        if place != nil { isPlain = false }
        place = value
    }

    /// A length of one to ten digits.
    private static func length(_ bytes: UnsafeBufferPointer<UInt8>, _ value: Place) -> Int? {
        guard !value.isEmpty, value.count <= 10 else { return nil }
        var length = 0
        for index in value {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { return nil }
            length = length * 10 + Int(digit)
        }
        return length
    }

    private static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether a byte may stand in a field's name (RFC 9110, section 5.6.2).
    @inline(__always)
    private static func isToken(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? low >> UInt64(byte) : high >> UInt64(byte & 0x3F)) & 1 == 1
    }
}
