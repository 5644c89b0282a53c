/// The one error type that crosses module borders: a code to branch on, a message for a person, a cause for the log.
///
/// Messages name what failed, the field and value where that helps, and the remedy. They never carry a path of the
/// host, a stack or a secret, because each protocol sends them to clients as they are.
package struct MartletError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; each protocol maps it once to its own status.
    package enum Code: String, Sendable, CaseIterable {
        case invalidArgument
        case notFound
        case alreadyExists
        case failedPrecondition
        case permissionDenied
        case unauthenticated
        case payloadTooLarge
        case unsupportedMediaType
        case resourceExhausted
        /// The disk or the bucket has no room; trying again does not help until somebody makes some.
        case storageFull
        case unavailable
        case deadlineExceeded
        /// What a protocol knows and this server refuses in words (501); it stands for no missing code.
        case unimplemented
        case dataLoss
        case cancelled
        case `internal`
    }

    /// The kind of failure.
    package let code: Code
    /// What a person reads.
    package let message: String
    /// The error beneath, for logs only.
    package let cause: (any Error)?
    /// After how many seconds it may help to try again; nil when that is not known.
    package let retryAfterSeconds: Int?

    /// Makes an error; `cause` is logged, never sent.
    package init(_ code: Code, _ message: String, cause: (any Error)? = nil, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (caused by \(cause))"
    }
}

extension MartletError.Code {
    /// The HTTP status of this code (RFC 9110; 499 is the customary "client closed request").
    package var httpStatus: Int {
        switch self {
        case .invalidArgument: 400
        case .unauthenticated: 401
        case .permissionDenied: 403
        case .notFound: 404
        case .alreadyExists, .failedPrecondition: 409
        case .payloadTooLarge: 413
        case .unsupportedMediaType: 415
        case .resourceExhausted: 429
        case .cancelled: 499
        case .internal, .dataLoss: 500
        case .unimplemented: 501
        case .unavailable: 503
        case .deadlineExceeded: 504
        case .storageFull: 507
        }
    }
}

extension MartletError {
    /// `error` itself when it is a `MartletError`, else an `internal` one that hides its text from clients.
    package static func wrapping(_ error: any Error) -> MartletError {
        if let error = error as? MartletError { return error }
        if error is CancellationError { return MartletError(.cancelled, "The operation was cancelled.", cause: error) }
        return MartletError(.internal, "An internal error occurred; the server's log has the cause.", cause: error)
    }
}
