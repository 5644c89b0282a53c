import Core

/// How a call ended: gRPC's code and a message for people.
struct GRPCStatus: Error, Equatable {
    /// gRPC's status codes, as far as a server sends them ("Status codes and their use in gRPC").
    enum Code: Int {
        case ok = 0
        case cancelled = 1
        case unknown = 2
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case dataLoss = 15
        case unauthenticated = 16
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The status of an error; what is not ours is `internal` and says nothing of its kind.
    init(_ error: any Error) {
        if let status = error as? GRPCStatus {
            self = status
            return
        }
        let failure = MartletError.wrapping(error)
        self.init(Self.code(failure.code), failure.message)
    }

    private static func code(_ code: MartletError.Code) -> Code {
        switch code {
        case .invalidArgument, .unsupportedMediaType: .invalidArgument
        case .notFound: .notFound
        case .alreadyExists: .alreadyExists
        case .failedPrecondition: .failedPrecondition
        case .permissionDenied: .permissionDenied
        case .unauthenticated: .unauthenticated
        case .payloadTooLarge, .resourceExhausted, .storageFull: .resourceExhausted
        case .unavailable: .unavailable
        case .deadlineExceeded: .deadlineExceeded
        case .unimplemented: .unimplemented
        case .dataLoss: .dataLoss
        case .cancelled: .cancelled
        case .internal: .internal
        }
    }

    /// The message as the header `grpc-message` carries it: percent-encoded UTF-8, without control characters.
    var encodedMessage: String {
        var text = ""
        for byte in message.utf8.prefix(ServingLimits.grpcStatusMessageBytes) {
            if byte >= 0x20, byte < 0x7F, byte != 0x25 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
