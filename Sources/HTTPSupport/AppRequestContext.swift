import Core
package import Hummingbird

/// What travels with a request from the socket to its handler.
package struct AppRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The request's id, which every log line, ledger record and error carries.
    package var requestID: String
    /// Who asks; set before the handler runs.
    package var principal = Principal.anonymous

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = Identifier.timeOrdered()
    }
}

/// Who makes a request.
package struct Principal: Sendable, Equatable {
    /// The name that logs and audit records show.
    package let name: String

    /// Makes a principal.
    package init(name: String) {
        self.name = name
    }

    /// Nobody known: health checks, and requests before they are authenticated.
    package static let anonymous = Principal(name: "anonymous")
    /// The person at this machine: every request over loopback, where no login is asked for.
    package static let localUser = Principal(name: "local")
}
