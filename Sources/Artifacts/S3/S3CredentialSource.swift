package import Core

/// Where the credentials come from, and those that are good now.
package actor S3CredentialSource {
    /// Fetches credentials.
    package typealias Fetch = @Sendable (Clock) async throws -> S3Credentials

    private let fetch: Fetch
    private var known: S3Credentials?
    private var underway: Task<S3Credentials, any Error>?

    /// A source that fetches when there are none or they are about to end.
    package init(fetch: @escaping Fetch) {
        self.fetch = fetch
    }

    /// Credentials that never change.
    package init(_ credentials: S3Credentials) {
        fetch = { _ in credentials }
    }

    /// Credentials that are good for some minutes.
    ///
    /// - Throws: `failedPrecondition` naming what to set when there are none.
    package func current(_ clock: Clock) async throws -> S3Credentials {
        if let known, isFresh(known, clock.now) { return known }
        // Whoever comes while they are fetched waits for the same answer.
        let task: Task<S3Credentials, any Error>
        if let underway {
            task = underway
        } else {
            task = Task { [fetch] in try await fetch(clock) }
            underway = task
        }
        let result = await task.result
        if underway == task { underway = nil }
        let credentials = try result.get()
        known = credentials
        return credentials
    }

    /// Drops the credentials that the store refused, so that the next request fetches new ones.
    package func forget() {
        known = nil
    }

    private func isFresh(_ credentials: S3Credentials, _ now: Timestamp) -> Bool {
        guard let expires = credentials.expires else { return true }
        return now + .seconds(S3Limits.credentialsMarginSeconds) < expires
    }
}
