import Core
import HTTPSupport
import NIOHPACK

/// The request headers of a call, read and checked ("gRPC over HTTP2", Requests).
struct GRPCHead {
    /// The method's path.
    private(set) var path = ""
    /// The name that the client used for the server.
    private(set) var authority = ""
    /// How compressed messages are compressed; nil when none may be.
    private(set) var coding: ContentCoding?
    /// When the client gives up, in `Clock.monotonicNanoseconds`; nil for never.
    private(set) var deadline: UInt64?
    /// The metadata `authorization`.
    private(set) var authorization: String?
    /// The metadata that names a workspace.
    private(set) var workspace: String?
    /// What proxies say of the way.
    private(set) var forwarded = ForwardedFields()
    private(set) var requestID: String?
    private(set) var traceparent: String?
    private(set) var tracestate: String?
    private var verb = ""
    private var contentType = ""
    private var origin: String?

    /// Why a request is no call.
    enum Refusal: Error, Equatable {
        /// It is not gRPC at all, which HTTP says with its own status.
        case http(Int)
        /// It is, but cannot be served.
        case status(GRPCStatus)
    }

    /// Reads the headers; `now` is `Clock.monotonicNanoseconds`.
    init(_ headers: HPACKHeaders, now: UInt64) throws(Refusal) {
        var encoding = "identity"
        var timeout: String?
        for (name, value, _) in headers {
            switch name {
            case ":path": path = value
            case ":method": verb = value
            case ":authority": authority = value
            case "content-type": contentType = value
            case "grpc-encoding": encoding = value
            case "grpc-timeout": timeout = value
            case "x-request-id": requestID = value
            case "traceparent": traceparent = value
            case "tracestate": tracestate = value
            case "origin": origin = value
            case "authorization":
                guard authorization == nil else { throw .status(Self.twice(name)) }
                authorization = value
            case "x-mlflow-workspace", "x-martlet-workspace":
                guard workspace == nil else { throw .status(Self.twice(name)) }
                workspace = value
            case "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded": forwarded.note(name, value)
            case "host" where authority.isEmpty: authority = value
            default: break
            }
        }
        guard contentType.hasPrefix("application/grpc"), !contentType.hasPrefix("application/grpc-web") else {
            throw .http(415)
        }
        guard verb == "POST" else { throw .http(405) }
        guard origin == nil else {
            throw .status(GRPCStatus(.permissionDenied, "Requests from web pages are not accepted here."))
        }
        switch encoding {
        case "identity": break
        case "gzip": coding = .gzip
        case "deflate": coding = .deflate
        default:
            let message = "grpc-encoding '\(encoding.prefix(40))' is not supported; send identity, gzip or deflate."
            throw .status(GRPCStatus(.unimplemented, message))
        }
        if let timeout {
            guard let nanoseconds = Self.nanoseconds(timeout) else {
                throw .status(GRPCStatus(.invalidArgument, "grpc-timeout '\(timeout.prefix(20))' is not a time."))
            }
            let (end, overflow) = now.addingReportingOverflow(nanoseconds)
            deadline = overflow ? nil : end
        }
    }

    private static func twice(_ name: String) -> GRPCStatus {
        GRPCStatus(.invalidArgument, "The metadata '\(name)' is given more than once.")
    }

    /// The value of `grpc-timeout`: at most eight digits and a unit.
    static func nanoseconds(_ text: String) -> UInt64? {
        let digits = text.utf8.dropLast()
        guard (1...8).contains(digits.count), let unit = text.utf8.last else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + UInt64(digit - 0x30)
        }
        let factor: UInt64? =
            switch unit {
            case UInt8(ascii: "H"): 3_600_000_000_000
            case UInt8(ascii: "M"): 60_000_000_000
            case UInt8(ascii: "S"): 1_000_000_000
            case UInt8(ascii: "m"): 1_000_000
            case UInt8(ascii: "u"): 1000
            case UInt8(ascii: "n"): 1
            default: nil
            }
        guard let factor else { return nil }
        let (product, overflow) = factor.multipliedReportingOverflow(by: value)
        return overflow ? .max : product
    }
}
