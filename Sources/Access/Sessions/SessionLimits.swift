/// The named maxima of console sessions and of the forms that belong to them.
package enum SessionLimits {
    /// Seconds that a session lives without a request.
    package static let idleSeconds = 12 * 3600
    /// Seconds that a session lives at all.
    package static let absoluteSeconds = 7 * 24 * 3600
    /// Sessions of one account; beginning one more ends the oldest.
    package static let sessionsPerAccount = 20
    /// Characters of the browser's name that are kept with a session.
    package static let agentCharacters = 200
    /// Bytes of a form.
    package static let formBytes = 32 * 1024
    /// Fields of a form.
    package static let formFields = 64
    /// Characters of an address to return to after login.
    package static let returnCharacters = 2_000
    /// Bytes of the `Cookie` fields that are read.
    package static let cookieBytes = 16 * 1024
}
