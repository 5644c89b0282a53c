import Core
import NIOCore

/// A request as it goes over a connection, ready to be sent many times.
package struct WireRequest: Sendable {
    /// The method of HTTP; gRPC has only one.
    package var verb = "POST"
    /// The path with its query, or the full name of a gRPC method.
    package let path: String
    /// Headers beside those that every request has.
    package var headers: [(name: String, value: String)] = []
    /// The body, or gRPC's message.
    package let body: [UInt8]
}

/// What came back.
package struct WireAnswer: Sendable {
    /// HTTP's status; for gRPC the one that its code stands for.
    package let status: Int
    /// What went wrong, such as `HTTP 503` or `gRPC 14`; nil for a success.
    let failure: String?
    /// The message of a failure, where the protocol has one beside the body.
    let message: String
    /// The headers, names in lower case.
    let headers: [String: String]
    /// The body, or gRPC's message.
    package let body: [UInt8]

    /// Makes an answer.
    package init(
        status: Int,
        failure: String? = nil,
        message: String = "",
        headers: [String: String] = [:],
        body: [UInt8]
    ) {
        self.status = status
        self.failure = failure
        self.message = message
        self.headers = headers
        self.body = body
    }
}

/// Why no answer came.
package enum WireFailure: String, Error {
    case connect
    case closed
    case malformed
    case timeout
}

/// One connection, which carries one request at a time; it belongs to its event loop.
protocol WireHandler: AnyObject, ChannelInboundHandler {
    /// Sends a request and hears of the answer.
    func send(_ request: WireRequest, _ done: @escaping (Result<WireAnswer, WireFailure>) -> Void)
}
