package import Core
package import Hummingbird

/// The body of an error in each protocol: the one place where `MartletError` becomes HTTP.
package enum ErrorShape: Sendable {
    /// `{"error":{"code":…,"message":…}}`: Martlet's own API.
    case martlet
    /// `{"error_code":…,"message":…}`: MLflow REST.
    case mlflow
    /// `{"error":"…"}`: KServe V1 and Open Inference V2.
    case inference
    /// A page for people.
    case page

    /// The response for an error.
    package func response(for error: MartletError, requestID: String) -> Response {
        var response = body(for: error, requestID: requestID)
        response.headers[.requestID] = requestID
        if error.code == .unavailable || error.code == .resourceExhausted {
            response.headers[.retryAfter] = String(error.retryAfterSeconds ?? 1)
        }
        // RFC 9110, section 11.6.1; MLflow's clients and curl know the first.
        if error.code == .unauthenticated { response.headers[.wwwAuthenticate] = Self.challenge }
        return response
    }

    private static let challenge = "Basic realm=\"martlet\", charset=\"UTF-8\", Bearer"

    private func body(for error: MartletError, requestID: String) -> Response {
        switch self {
        case .martlet:
            let detail: JSONValue = ["code": .string(error.code.rawValue), "message": .string(error.message)]
            return .json(["error": detail, "request_id": .string(requestID)], status: error.code.status)
        case .mlflow:
            let (status, code) = Self.mlflow(error.code)
            return .json(["error_code": .string(code), "message": .string(error.message)], status: status)
        case .inference:
            return .json(["error": .string(error.message)], status: error.code.status)
        case .page:
            var response = Response.html(Self.page(error), status: error.code.status)
            response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
            return response
        }
    }

    /// MLflow's code and its status for each kind of failure (`mlflow.exceptions`, ERROR_CODE_TO_HTTP_STATUS).
    private static func mlflow(_ code: MartletError.Code) -> (HTTPResponse.Status, String) {
        switch code {
        case .invalidArgument: (.badRequest, "INVALID_PARAMETER_VALUE")
        case .notFound: (.notFound, "RESOURCE_DOES_NOT_EXIST")
        case .alreadyExists: (.badRequest, "RESOURCE_ALREADY_EXISTS")
        case .failedPrecondition: (.badRequest, "INVALID_STATE")
        case .permissionDenied: (.forbidden, "PERMISSION_DENIED")
        case .unauthenticated: (.unauthorized, "UNAUTHENTICATED")
        case .payloadTooLarge: (.contentTooLarge, "BAD_REQUEST")
        case .unsupportedMediaType: (.badRequest, "BAD_REQUEST")
        case .resourceExhausted: (.tooManyRequests, "RESOURCE_EXHAUSTED")
        // MLflow has no code of its own for it; its client tries 429 and 503 again, but not 507.
        case .storageFull: (.init(code: 507), "RESOURCE_EXHAUSTED")
        case .unavailable: (.serviceUnavailable, "TEMPORARILY_UNAVAILABLE")
        case .deadlineExceeded: (.gatewayTimeout, "DEADLINE_EXCEEDED")
        case .unimplemented: (.notImplemented, "NOT_IMPLEMENTED")
        case .dataLoss: (.internalServerError, "DATA_LOSS")
        case .cancelled: (.init(code: 499), "CANCELLED")
        case .internal: (.internalServerError, "INTERNAL_ERROR")
        }
    }

    private static func page(_ error: MartletError) -> String {
        let text = error.message.map { character -> String in
            switch character {
            case "<": "&lt;"
            case ">": "&gt;"
            case "&": "&amp;"
            case "\"": "&quot;"
            default: String(character)
            }
        }
        return
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Martlet: \(error.code.httpStatus)</title>"
            + "<h1>\(error.code.httpStatus)</h1><p>\(text.joined())</p><p><a href=\"/\">Overview</a></p></html>"
    }
}

extension MartletError.Code {
    /// The HTTP status of this code.
    package var status: HTTPResponse.Status {
        .init(code: httpStatus)
    }
}
