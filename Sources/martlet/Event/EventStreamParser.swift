package import Core

/// Reads server-sent events (WHATWG HTML, section 9.2) from bytes that come in any pieces.
package struct EventStreamParser: Sendable {
    /// One frame.
    package struct Frame: Sendable, Equatable {
        /// The place, when the frame has one.
        package var id: String?
        /// The type.
        package var event: String?
        /// The data.
        package var data: String?

        /// A frame.
        package init(id: String? = nil, event: String? = nil, data: String? = nil) {
            self.id = id
            self.event = event
            self.data = data
        }
    }

    private var line: [UInt8] = []
    private var frame = Frame()
    private var bytes = 0
    private var isAfterReturn = false

    /// Nothing was read yet.
    package init() {}

    /// Takes bytes and gives the frames that are complete.
    ///
    /// - Throws: `payloadTooLarge` for a frame past `FollowLimits.frameBytes`.
    package mutating func take(_ input: some Sequence<UInt8>) throws(MartletError) -> [Frame] {
        var frames: [Frame] = []
        for byte in input {
            let wasReturn = isAfterReturn
            isAfterReturn = byte == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if byte == UInt8(ascii: "\n"), wasReturn { continue }
                if let done = endLine() { frames.append(done) }
                continue
            }
            bytes += 1
            guard bytes <= FollowLimits.frameBytes else {
                throw MartletError(
                    .payloadTooLarge,
                    "The server sends an event of more than \(FollowLimits.frameBytes) bytes."
                )
            }
            line.append(byte)
        }
        return frames
    }

    private mutating func endLine() -> Frame? {
        defer { line = [] }
        guard !line.isEmpty else {
            defer { (frame, bytes) = (Frame(), 0) }
            return frame == Frame() ? nil : frame
        }
        let text = String(decoding: line, as: UTF8.self)
        let name = text.prefix { $0 != ":" }
        var value = text.dropFirst(name.count + 1)
        if value.first == " " { value.removeFirst() }
        switch name {
        case "id": frame.id = String(value)
        case "event": frame.event = String(value)
        case "data": frame.data = frame.data.map { "\($0)\n\(value)" } ?? String(value)
        default: break
        }
        return nil
    }
}
