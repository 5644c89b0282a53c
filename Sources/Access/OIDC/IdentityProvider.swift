package import Core
package import Egress
import HTTPSupport
package import Logging

/// An identity provider as it is asked: its document and its keys, read when they are needed and kept for a while.
package actor IdentityProvider {
    /// What was read last.
    private struct Known {
        let document: ProviderDocument
        let keys: [VerificationKey]
        let readAt: Timestamp
    }

    /// What is configured.
    package nonisolated let issuer: OIDCIssuer
    private let egress: EgressClient
    private let clock: Clock
    private let logger: Logger
    private var known: Known?
    private var triedAt: Timestamp?
    private var reading: Task<Result<Known, MartletError>, Never>?

    /// A provider that is asked through `egress`; its own address is declared there.
    ///
    /// - Throws: `invalidArgument` when the issuer's address is none.
    package init(
        _ issuer: OIDCIssuer,
        egress: EgressClient,
        clock: Clock = .system,
        logger: Logger
    ) throws(MartletError) {
        try issuer.check()
        let url = try EgressURL.parse(issuer.url, what: "The issuer")
        guard url.scheme == "https" || egress.policy.schemes.contains(url.scheme) else {
            throw EgressRefusal.scheme(url.scheme, allowed: egress.policy.schemes).error(
                what: "The issuer '\(issuer.name)'"
            )
        }
        self.issuer = issuer
        self.egress = egress.declaring(url)
        self.clock = clock
        self.logger = logger
    }

    /// What the provider says of itself.
    func document() async throws(MartletError) -> ProviderDocument {
        try await fresh().document
    }

    /// The keys that a token may be signed with.
    ///
    /// A key that is not known makes the keys be read again, but not more often than `OIDCLimits.refreshSeconds`, so that
    /// tokens with invented keys do not turn into requests.
    func keys(for token: JSONWebToken) async throws(MartletError) -> [VerificationKey] {
        let known = try await fresh()
        let found = Self.matching(known.keys, token)
        if !found.isEmpty || !isDue(after: OIDCLimits.refreshSeconds) { return found }
        let again = try await read()
        return Self.matching(again.keys, token)
    }

    private static func matching(_ keys: [VerificationKey], _ token: JSONWebToken) -> [VerificationKey] {
        let usable = keys.filter { $0.algorithm.rawValue == token.algorithm }
        guard let id = token.keyID else { return usable.count == 1 ? usable : [] }
        return usable.filter { $0.id == id }
    }

    private func fresh() async throws(MartletError) -> Known {
        guard let known else {
            guard isDue(after: OIDCLimits.retrySeconds) else { throw away }
            return try await read()
        }
        let age = clock.now - known.readAt
        guard age >= .seconds(OIDCLimits.documentSeconds), isDue(after: OIDCLimits.retrySeconds) else {
            guard age < .seconds(OIDCLimits.staleSeconds) else { throw away }
            return known
        }
        do throws(MartletError) {
            return try await read()
        } catch {
            guard age < .seconds(OIDCLimits.staleSeconds) else { throw error }
            return known
        }
    }

    private var away: MartletError {
        MartletError(.unavailable, "The identity provider '\(issuer.name)' cannot be reached; try again in a moment.")
    }

    private func isDue(after seconds: Int) -> Bool {
        if reading != nil { return true }
        guard let triedAt else { return true }
        return clock.now - triedAt >= .seconds(seconds)
    }

    /// Reads document and keys; whoever comes while that happens waits for the same answer.
    private func read() async throws(MartletError) -> Known {
        if let reading { return try await reading.value.get() }
        triedAt = clock.now
        let task = Task { await self.asked() }
        reading = task
        let result = await task.value
        reading = nil
        switch result {
        case .success(let known): self.known = known
        case .failure(let error):
            logger.warning(
                "An identity provider's keys cannot be read.",
                metadata: ["provider": "\(issuer.name)", "error": "\(error)"]
            )
        }
        return try result.get()
    }

    private func asked() async -> Result<Known, MartletError> {
        do throws(MartletError) {
            let base = issuer.url.hasSuffix("/") ? String(issuer.url.dropLast()) : issuer.url
            let page = try EgressURL.parse(base + "/.well-known/openid-configuration", what: "The issuer")
            let document = try ProviderDocument(try await get(page), issuer: issuer)
            let keys = try await VerificationKey.read(try await get(document.keys))
            return .success(Known(document: document, keys: keys, readAt: clock.now))
        } catch {
            return .failure(error)
        }
    }

    private func get(_ url: EgressURL) async throws(MartletError) -> JSONValue {
        var request = EgressRequest(what, url: url)
        request.headers = [("Accept", "application/json")]
        request.redirects = .withinOrigin
        return try await answer(to: request).value
    }

    /// Sends a form and reads the JSON that comes back, with the status.
    func post(
        _ url: EgressURL,
        form: [(String, String)],
        authorization: String?
    ) async throws(MartletError) -> (status: Int, value: JSONValue) {
        var request = EgressRequest(what, method: "POST", url: url)
        request.headers = [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")]
        if let authorization { request.headers.append(("Authorization", authorization)) }
        request.body = Array(FormText.encode(form).utf8)
        return try await answer(to: request, accepting: 200..<500)
    }

    private func answer(
        to request: EgressRequest,
        accepting statuses: Range<Int> = 200..<300
    ) async throws(MartletError) -> (status: Int, value: JSONValue) {
        var request = request
        request.timeLimit = .seconds(OIDCLimits.requestSeconds)
        request.answerLimit = OIDCLimits.documentBytes
        let reply: EgressReply
        do {
            reply = try await egress.fetch(request)
        } catch {
            throw MartletError.wrapping(error)
        }
        guard statuses.contains(reply.status) else {
            throw MartletError(.unavailable, "\(what) answered with status \(reply.status).")
        }
        guard !reply.isCut, let value = try? JSONValue.parse(reply.body) else {
            throw MartletError(.unavailable, "\(what) answered with something that is no JSON, or too long.")
        }
        return (reply.status, value)
    }

    private nonisolated var what: String { "The identity provider '\(issuer.name)'" }
}
