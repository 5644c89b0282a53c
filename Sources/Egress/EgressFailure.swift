import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What went wrong on the way, in words that name no path, no stack and no library.
enum EgressFailure {
    /// The error as others see it; `what` begins the sentence.
    static func explained(_ error: any Error, what: String) -> any Error {
        if error is MartletError || error is CancellationError { return error }
        if error as? HTTPClientError == .cancelled { return CancellationError() }
        if isUnconnected(error) {
            return MartletError(.unavailable, "\(what) cannot be connected to.", cause: error)
        }
        let reason: String
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?: return timeUp(what, cause: error)
        case .remoteConnectionClosed?: reason = "closed the connection without an answer"
        case .tlsHandshakeTimeout?: reason = "did not finish the TLS handshake"
        default:
            let name = "\(type(of: error))"
            reason =
                name.contains("SSL") || name.contains("TLS")
                ? "has no certificate that this machine trusts" : "broke the exchange off"
        }
        return MartletError(.deadlineExceeded, "\(what) \(reason).", cause: error)
    }

    static func timeUp(_ what: String, cause: (any Error)? = nil) -> MartletError {
        MartletError(.deadlineExceeded, "\(what) did not answer in time.", cause: cause)
    }

    /// Whether nothing can have reached the other side.
    private static func isUnconnected(_ error: any Error) -> Bool {
        if error is NIOConnectionError || error as? HTTPClientError == .connectTimeout { return true }
        if case .connectTimeout? = error as? ChannelError { return true }
        let refusals = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EACCES, EPERM, ETIMEDOUT]
        return (error as? IOError).map { refusals.contains($0.errnoCode) } ?? false
    }
}
