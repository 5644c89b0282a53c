package import Core
import Crypto
package import Egress
import Foundation
package import Logging
import Storage

/// Accounts through identity providers: logins of people in the browser, and tokens of machines.
package final class OIDCService: BearerVerifier {
    /// Where a browser is sent, and what it is told to keep.
    package struct Departure: Sendable {
        /// The provider's address with everything it must know.
        package let location: String
        /// The secret that binds the login to the browser.
        package let browser: String
    }

    private let providers: [IdentityProvider]
    private let directory: IdentityDirectory
    private let clock: Clock
    private let verified = VerifiedTokens()
    private let logins = PendingLogins()

    /// The service of some providers.
    ///
    /// - Throws: `invalidArgument` naming the provider that is not configured properly, `permissionDenied` for one whose
    ///   scheme the rules of outgoing requests refuse.
    package init(
        issuers: [OIDCIssuer],
        egress: EgressClient,
        directory: IdentityDirectory,
        clock: Clock = .system,
        logger: Logger
    ) throws(MartletError) {
        guard issuers.count <= OIDCLimits.issuers else {
            throw MartletError(.invalidArgument, "At most \(OIDCLimits.issuers) identity providers are possible.")
        }
        var providers: [IdentityProvider] = []
        for issuer in issuers {
            guard !providers.contains(where: { $0.issuer.name == issuer.name || $0.issuer.url == issuer.url }) else {
                throw MartletError(.invalidArgument, "The identity provider '\(issuer.name)' is there twice.")
            }
            providers.append(try IdentityProvider(issuer, egress: egress, clock: clock, logger: logger))
        }
        self.providers = providers
        self.directory = directory
        self.clock = clock
    }

    /// The providers that people can log in with: what the button says and where it leads.
    package var choices: [(label: String, href: String)] {
        providers.map(\.issuer).filter { $0.clientID != nil }.map {
            ($0.label, "\(OIDCRoutes.loginPath)?issuer=\(FormText.encode($0.name))")
        }
    }

    /// Tokens that are remembered as checked.
    package var verifiedCount: Int { verified.count }

    // MARK: Tokens of machines

    package func cachedAccount(bearer: String) -> Account? {
        verified.accountID(of: bearer, now: clock.now).flatMap { directory.account(id: $0) }
            .flatMap { $0.isDisabled ? nil : $0 }
    }

    package func account(bearer: String) async throws(MartletError) -> Account? {
        if let account = cachedAccount(bearer: bearer) { return account }
        guard let token = JSONWebToken(bearer),
            let provider = providers.first(where: { $0.issuer.url == token.issuer && !$0.issuer.audiences.isEmpty })
        else { return nil }
        let subject = try await checked(token, provider, .bearer)
        let account = try await account(of: subject, provider.issuer)
        verified.remember(bearer, of: account.id, until: subject.expiresAt, now: clock.now)
        return account
    }

    /// Who a token is about, once algorithm, signature and claims are right.
    private func checked(
        _ token: JSONWebToken,
        _ provider: IdentityProvider,
        _ purpose: TokenRules.Purpose
    ) async throws(MartletError) -> TokenRules.Subject {
        // Before any key is looked for: the token must not choose how it is checked.
        guard provider.issuer.algorithms.contains(where: { $0.rawValue == token.algorithm }) else {
            throw TokenRules.refused("it is signed in a way that is not accepted")
        }
        let keys = try await provider.keys(for: token)
        guard !keys.isEmpty else {
            throw TokenRules.refused("it is signed with a key that its issuer does not publish")
        }
        guard keys.contains(where: { $0.signed(token) }) else { throw TokenRules.refused("its signature is wrong") }
        return try TokenRules.subject(of: token.claims, issuer: provider.issuer, purpose: purpose, now: clock.now)
    }

    private func account(of subject: TokenRules.Subject, _ issuer: OIDCIssuer) async throws(MartletError) -> Account {
        let context = ChangeContext(
            actor: "oidc:\(issuer.name)",
            workspace: AuditLog.server,
            action: "log in",
            object: "account:\(subject.name)"
        )
        do {
            return try await ChangeContext.$current.withValue(context) {
                try await directory.account(
                    issuer: issuer.url,
                    subject: subject.id,
                    name: subject.name,
                    groups: subject.groups
                )
            }
        } catch {
            throw MartletError.wrapping(error)
        }
    }

    // MARK: Logins of people

    /// Begins a login.
    ///
    /// - Parameters:
    ///   - name: the provider; nil for the only one.
    ///   - next: the page that is wanted.
    ///   - callback: where the browser comes back to if the provider's settings do not say.
    /// - Returns: where the browser goes, and the secret that its cookie keeps.
    /// - Throws: `notFound` for a provider that is not there, `unavailable` when it does not answer.
    package func begin(
        _ name: String?,
        next: String?,
        callback: String
    ) async throws(MartletError) -> Departure {
        let offered = providers.filter { $0.issuer.clientID != nil }
        let named =
            name.map { name in offered.first { $0.issuer.name == name } } ?? (offered.count == 1 ? offered[0] : nil)
        guard let provider = named, let client = provider.issuer.clientID else {
            throw MartletError(.notFound, "There is no identity provider of that name to log in with.")
        }
        guard let endpoint = try await provider.document().authorization else {
            throw MartletError(.unavailable, "The identity provider '\(provider.issuer.name)' offers no login.")
        }
        let (state, browser) = (SessionSecret.make(), SessionSecret.make())
        let login = PendingLogin(
            issuer: provider.issuer.name,
            nonce: SessionSecret.make(),
            verifier: SessionSecret.make(),
            redirectURL: provider.issuer.redirectURL ?? callback,
            next: LoginReturn.path(next),
            browser: SecretHash(of: browser),
            expiresAt: clock.now + .seconds(OIDCLimits.loginSeconds)
        )
        try logins.begin(state, login, now: clock.now)
        let question = FormText.encode([
            ("response_type", "code"), ("client_id", client), ("redirect_uri", login.redirectURL),
            ("scope", provider.issuer.scopes.joined(separator: " ")), ("state", state), ("nonce", login.nonce),
            ("code_challenge", Self.challenge(login.verifier)), ("code_challenge_method", "S256"),
        ])
        let joint = endpoint.path.contains("?") ? "&" : "?"
        return Departure(location: endpoint.text + joint + question, browser: browser)
    }

    /// The S256 challenge of a verifier.
    static func challenge(_ verifier: String) -> String {
        Base64URL.encode(SHA256.hash(data: Array(verifier.utf8)))
    }

    /// What a provider says on the way back.
    package struct Return: Sendable {
        /// The state that the login began with.
        package var state: String?
        /// The code.
        package var code: String?
        /// What went wrong at the provider.
        package var error: String?
        /// Who says it (RFC 9207).
        package var issuer: String?

        /// Nothing yet.
        package init() {}
    }

    /// Ends a login: exchanges the code, checks the token, and says who it is and which page they wanted.
    ///
    /// - Throws: `unauthenticated` with what is wrong, `unavailable` when the provider does not answer.
    package func finish(_ answer: Return, browser: String?) async throws(MartletError) -> (Account, next: String) {
        guard let state = answer.state,
            let login = logins.take(state, browser: browser, now: clock.now),
            let provider = providers.first(where: { $0.issuer.name == login.issuer })
        else {
            throw MartletError(
                .unauthenticated,
                "This login was not begun in this browser, was used already or took too long; log in again."
            )
        }
        if let error = answer.error {
            let isPlain = error.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 } && error.utf8.count <= 60
            throw MartletError(
                .unauthenticated,
                "The identity provider refused the login\(isPlain ? " (\(error))" : "")."
            )
        }
        let document = try await provider.document()
        guard answer.issuer == provider.issuer.url || answer.issuer == nil && !document.namesIssuer else {
            throw MartletError(.unauthenticated, "The login came back from another identity provider; log in again.")
        }
        let token = try await exchange(answer.code, login, provider, document)
        let subject = try await checked(token, provider, .login(nonce: login.nonce))
        return (try await account(of: subject, provider.issuer), login.next)
    }

    private func exchange(
        _ code: String?,
        _ login: PendingLogin,
        _ provider: IdentityProvider,
        _ document: ProviderDocument
    ) async throws(MartletError) -> JSONWebToken {
        guard let code, !code.isEmpty, let endpoint = document.token, let client = provider.issuer.clientID else {
            throw MartletError(.unauthenticated, "The identity provider sent no code; log in again.")
        }
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", login.redirectURL),
            ("client_id", client), ("code_verifier", login.verifier),
        ]
        var authorization: String?
        if let secret = provider.issuer.clientSecret {
            if document.wantsSecretInBody {
                form.append(("client_secret", secret))
            } else {
                let pair = "\(FormText.encode(client)):\(FormText.encode(secret))"
                authorization = "Basic \(Data(pair.utf8).base64EncodedString())"
            }
        }
        let (status, answer) = try await provider.post(endpoint, form: form, authorization: authorization)
        guard status < 300, let text = answer["id_token"]?.stringValue, let token = JSONWebToken(text) else {
            throw MartletError(
                .unauthenticated,
                "The identity provider did not exchange the code (status \(status)); log in again, and look at client_id "
                    + "and the client secret if that does not help."
            )
        }
        return token
    }
}
