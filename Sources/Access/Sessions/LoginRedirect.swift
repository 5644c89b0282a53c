import Core
import HTTPSupport
package import Hummingbird
import HTTPTypes

/// What a page answers to somebody who is not logged in: people are sent to the login, programs get their 401.
package enum LoginRedirect {
    /// The way to the login and back; nil when whoever asks is not a browser that goes from page to page.
    package static func response(for request: Request) -> Response? {
        guard let next = next(of: request.head) else { return nil }
        var headers = HTTPFields()
        headers[.location] = next == "/" ? "/login" : "/login?next=" + encoded(next)
        headers[.cacheControl] = "no-store"
        return Response(status: .seeOther, headers: headers)
    }

    /// The page that a browser asked for; nil for anything else than a person's GET.
    static func next(of head: HTTPRequest) -> String? {
        guard head.method == .get, let accept = head.headerFields[.accept], accept.contains("text/html"),
            head.headerFields[.authorization] == nil
        else { return nil }
        if let mode = head.headerFields[.fetchMode], mode != "navigate" { return nil }
        return LoginReturn.path(head.path)
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: "~"):
                return String(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                return digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }.joined()
    }
}

extension HTTPField.Name {
    fileprivate static let fetchMode = HTTPField.Name("Sec-Fetch-Mode") ?? .accept
}
