package import Core

/// What is asked of another server.
package struct EgressRequest: Sendable {
    /// What happens when the answer leads elsewhere.
    package enum Redirects: Sendable, Equatable {
        /// The answer is handed back as it is.
        case handedBack
        /// Followed within the origin, so many times as `EgressLimits.redirects`; refused when they lead out of it.
        case withinOrigin
    }

    /// The words that begin an error's sentence, such as `The webhook's address`.
    package var what: String
    /// The method.
    package var method: String
    /// The address.
    package var url: EgressURL
    /// Headers beside `Host`, `Content-Length` and `User-Agent`.
    package var headers: [(name: String, value: String)] = []
    /// What is sent; nil sends no body.
    package var body: [UInt8]?
    /// Whether the connection is kept open for further requests; sensible for many in a row.
    package var keepsConnection = false
    /// What happens with redirects.
    package var redirects = Redirects.handedBack
    /// How long it may take: `fetch` to the end of the body, `send` to the head of the answer.
    package var timeLimit: Duration = .seconds(EgressLimits.requestSeconds)
    /// Bytes of the answer that are read at most; nil reads all of them.
    package var answerLimit: Int? = EgressLimits.answerBytes

    /// A request to an address.
    package init(_ what: String, method: String = "GET", url: EgressURL) {
        self.what = what
        self.method = method
        self.url = url
    }

    /// A request to an address that is read first.
    ///
    /// - Throws: `invalidArgument` saying what is wrong with the address.
    package init(_ what: String, method: String = "GET", url: String) throws(MartletError) {
        self.init(what, method: method, url: try EgressURL.parse(url, what: what))
    }

    /// The request that follows a redirect; nil when the answer is none that may be followed.
    func following(status: Int, location: String?) throws(MartletError) -> EgressRequest? {
        guard redirects == .withinOrigin, let location else { return nil }
        let isRead = method == "GET" || method == "HEAD"
        guard [307, 308].contains(status) || isRead && [301, 302, 303].contains(status) else { return nil }
        guard let next = url.following(location) else {
            throw EgressRefusal.redirect(to: "an address that cannot be read").error(what: what)
        }
        guard next.origin == url.origin else { throw EgressRefusal.redirect(to: next.origin).error(what: what) }
        var request = self
        request.url = next
        return request
    }
}
