import NIOHPACK

/// The headers and trailers of answers ("gRPC over HTTP2", Responses).
enum GRPCAnswerHeaders {
    /// What every answer begins with.
    static let head: HPACKHeaders = [
        ":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity,gzip,deflate",
    ]

    private static let success: HPACKHeaders = ["grpc-status": "0"]

    /// What an answer ends with.
    ///
    /// - Parameters:
    ///   - status: how the call ended.
    ///   - isAlone: whether nothing went before, so that the headers of an answer are these.
    /// - Returns: the trailers.
    static func trailers(_ status: GRPCStatus, isAlone: Bool) -> HPACKHeaders {
        guard isAlone || status.code != .ok else { return success }
        var headers = isAlone ? head : HPACKHeaders()
        headers.add(name: "grpc-status", value: String(status.code.rawValue))
        if !status.message.isEmpty {
            headers.add(name: "grpc-message", value: status.encodedMessage, indexing: .nonIndexable)
        }
        return headers
    }
}
