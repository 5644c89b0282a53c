package import Core
package import HTTPTypes

/// When a session counts, and what a request that its cookie authenticates must bring along.
package enum SessionRules {
    /// Where the script of the console puts the form token.
    package static let tokenHeader = HTTPField.Name("X-Martlet-CSRF") ?? .authorization

    /// The moment from which a session counts no more: its end, or the end of a pause that was too long.
    package static func end(of session: Session) -> Timestamp {
        min(session.expiresAt, session.seenAt + .seconds(SessionLimits.idleSeconds))
    }

    /// Whether a session counts at `now`.
    ///
    /// One from the future counts no more than one from the past: a clock that went back must not make it longer.
    package static func isLive(_ session: Session, now: Timestamp) -> Bool {
        session.createdAt <= now + .seconds(60) && now < end(of: session)
    }

    /// Whether a use at `now` must be noted; once a minute is enough.
    package static func isWorthNoting(_ session: Session, now: Timestamp) -> Bool {
        now >= session.seenAt + .seconds(60)
    }

    /// Throws unless a request that the session's cookie authenticates was made by one of our own pages.
    ///
    /// Browsers send the cookie along whoever made the request; only our pages know the form token. Programs do not
    /// meet this rule: they authenticate with `Authorization`.
    ///
    /// - Parameters:
    ///   - head: the request; the script puts the token into `X-Martlet-CSRF`.
    ///   - formToken: the token within the form, when the body is one.
    /// - Throws: `permissionDenied`.
    package static func checkCSRF(_ head: HTTPRequest, formToken: String? = nil) throws(MartletError) {
        guard isUnsafe(head.method) else { return }
        if let site = head.headerFields[.fetchSite], site != "same-origin" { throw foreign }
        guard let secret = SessionCookie.secret(in: head.headerFields),
            let token = head.headerFields[tokenHeader] ?? formToken, SessionSecret.isFormToken(token, of: secret)
        else { throw foreign }
    }

    /// Whether a method changes something.
    package static func isUnsafe(_ method: HTTPRequest.Method) -> Bool {
        method != .get && method != .head && method != .options
    }

    /// Whether the body is said to be a form as browsers send it.
    package static func isFormBody(_ fields: HTTPFields) -> Bool {
        guard let type = fields[.contentType] else { return false }
        return type.prefix { $0 != ";" }.lowercased().filter { $0 != " " } == "application/x-www-form-urlencoded"
    }

    /// Throws unless a form without a session, such as the login, comes from a page of ours: the browser says so, or at
    /// least the form's origin is the name that the request was sent to.
    package static func checkOrigin(_ head: HTTPRequest) throws(MartletError) {
        if let site = head.headerFields[.fetchSite] {
            guard site == "same-origin" else { throw foreign }
            return
        }
        guard let authority = head.authority, let own = HostName(authority: authority),
            let origin = head.headerFields[.origin]?.lowercased(),
            ["http://", "https://"].contains(where: { scheme in
                origin.hasPrefix(scheme) && HostName(authority: String(origin.dropFirst(scheme.count))) == own
            })
        else { throw foreign }
    }

    private static var foreign: MartletError {
        MartletError(
            .permissionDenied,
            "This request did not come from a page of the console, or the page is old: reload it and try again. "
                + "Programs send a token instead of a cookie."
        )
    }
}

extension HTTPField.Name {
    static let fetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}
