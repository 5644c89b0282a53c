/// A request that came whole and in plain form; its bytes are valid during the call only.
package struct LaneRequest {
    /// Head and body.
    package let bytes: UnsafeBufferPointer<UInt8>
    /// Where the parts of the head stand.
    package let head: LaneHead

    /// Makes a request; the places in `head` are places in `bytes`.
    package init(bytes: UnsafeBufferPointer<UInt8>, head: LaneHead) {
        self.bytes = bytes
        self.head = head
    }

    /// The body.
    package var body: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[head.length..<(head.length + head.bodyLength)])
    }

    /// The request target with its query.
    package var target: UnsafeBufferPointer<UInt8> { value(head.target) }

    /// The value at a place.
    package func value(_ place: LaneHead.Place) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[place])
    }

    /// The value at a place as text.
    package func text(_ place: LaneHead.Place) -> String {
        String(decoding: value(place), as: UTF8.self)
    }
}

/// What answers without the router, on the connection's event loop: it must neither wait nor block.
package protocol LaneRoutes: Sendable {
    /// Whether `answer` may have an answer for this request target.
    func isOurs(_ target: UnsafeBufferPointer<UInt8>) -> Bool

    /// Whether requests that name this host are served.
    func serves(host: String) -> Bool

    /// Answers a request by `reply.write`; false when the router shall answer it, and then nothing was done.
    func answer(_ request: LaneRequest, _ reply: inout LaneReply) -> Bool
}

/// Leaves everything to the router: for connections whose requests need more to be judged than the lane looks at.
struct NoLane: LaneRoutes {
    func isOurs(_ target: UnsafeBufferPointer<UInt8>) -> Bool { false }

    func serves(host: String) -> Bool { false }

    func answer(_ request: LaneRequest, _ reply: inout LaneReply) -> Bool { false }
}
