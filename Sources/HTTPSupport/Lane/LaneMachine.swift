/// Who has the connection: the lane, the router for one request, or the router for good.
///
/// The lane may look at bytes only where it is certain that a request begins: after its own answer, or after a request
/// in plain form went to the router, every byte of it has passed and its response has ended. Whatever is uncertain
/// leaves the connection with the router.
package struct LaneMachine: Equatable {
    /// Whose the connection is.
    package enum State: Equatable {
        /// A request begins with the next byte.
        case idle
        /// The router has a request of which `remaining` bytes are still to come.
        case router(remaining: Int, hasEnded: Bool)
        /// The router has the connection until it closes.
        case sticky
    }

    /// What to do with the bytes that have not been passed on.
    package enum Step: Equatable {
        /// Keep them until more arrive.
        case wait
        /// They are exactly one request that the lane may answer; `declined` if it does not.
        case answer(LaneHead)
        /// Pass all of them to the router.
        case pass
    }

    /// Whose the connection is now.
    package private(set) var state = State.idle

    /// A connection on which nothing has come.
    package init() {}

    /// Looks at all bytes that have not been passed on yet, at least one.
    ///
    /// `isOurs` says of a target whether the lane's routes may answer it.
    package mutating func received(
        _ bytes: UnsafeBufferPointer<UInt8>,
        isOurs: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Step {
        switch state {
        case .sticky: return .pass
        case .router(let remaining, let hasEnded):
            guard bytes.count <= remaining else {
                // The next request came before the answer to this one.
                state = .sticky
                return .pass
            }
            state = .router(remaining: remaining - bytes.count, hasEnded: hasEnded)
            rest()
            return .pass
        case .idle: return begin(bytes, isOurs)
        }
    }

    private mutating func begin(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ isOurs: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Step {
        switch LaneHead.read(bytes) {
        case .unusual:
            state = .sticky
            return .pass
        case .incomplete:
            guard bytes.count >= LaneLimits.headBytes else { return .wait }
            state = .sticky
            return .pass
        case .head(let head):
            let (missing, overflow) = (head.length + head.bodyLength).subtractingReportingOverflow(bytes.count)
            guard !overflow, missing >= 0 else {
                state = .sticky
                return .pass
            }
            let mayAnswer =
                head.isPost && head.isPlain && head.bodyLength <= LaneLimits.bodyBytes
                && isOurs(UnsafeBufferPointer(rebasing: bytes[head.target]))
            if mayAnswer { return missing == 0 ? .answer(head) : .wait }
            state = .router(remaining: missing, hasEnded: false)
            return .pass
        }
    }

    /// The lane does not answer the request it was offered: all its bytes go to the router.
    package mutating func declined() {
        state = .router(remaining: 0, hasEnded: false)
    }

    /// The router has written the end of a response.
    package mutating func responseEnded() {
        guard case .router(let remaining, _) = state else { return }
        state = .router(remaining: remaining, hasEnded: true)
        rest()
    }

    /// The router keeps the connection: no more bytes will come, or the client does not read its answers.
    package mutating func leave() {
        state = .sticky
    }

    private mutating func rest() {
        if case .router(remaining: 0, hasEnded: true) = state { state = .idle }
    }
}
