import Core
import Crypto
import Synchronization

/// Checks passwords: a few at a time, off the threads that answer requests, and never faster than guessing is allowed.
///
/// What was right is known for a minute under a keyed hash, because clients that know Basic only send the password
/// with every request; the same question from many of them at once is checked once.
final class PasswordDesk: Sendable {
    /// What came of a check.
    struct Outcome: Sendable {
        let isRight: Bool
        /// The hash of the same password with today's parameters, when the stored one had others.
        let rehashed: String?

        static let wrong = Outcome(isRight: false, rehashed: nil)
    }

    private let parameters: ScryptParameters
    private let clock: Clock
    private let key = SymmetricKey(size: .bits256)
    private let known = Mutex<[SecretHash: Timestamp]>([:])
    private let throttle = Mutex(LoginThrottle())
    private let line = PasswordLine()

    init(parameters: ScryptParameters, clock: Clock) {
        self.parameters = parameters
        self.clock = clock
    }

    /// Hashes a new password.
    ///
    /// - Throws: `resourceExhausted` when too many wait.
    func hash(_ password: String) async throws(MartletError) -> String {
        let parameters = parameters
        return try await line.work { try PasswordHash(of: password, parameters: parameters).stored }
    }

    /// Whether a password was found to be that of a stored hash a moment ago.
    func knows(_ password: String, for stored: String) -> Bool {
        let question = SecretHash(of: "\(stored)\u{0}\(password)", key: key)
        let now = clock.now
        return known.withLock { $0[question].map { now < $0 } ?? false }
    }

    /// Checks a password against a stored hash; nil is for a name that nobody has, and costs the same.
    ///
    /// - Throws: `resourceExhausted` with the time to wait, after failures or when too many wait to be checked.
    func check(
        _ password: String,
        against stored: String?,
        name: String,
        address: String?
    ) async throws(MartletError) -> Outcome {
        // No account has such a password, and everybody may know that.
        guard !password.isEmpty, password.utf8.count <= IdentityLimits.passwordBytes else { return .wrong }
        let question = SecretHash(of: "\(stored ?? name)\u{0}\(password)", key: key)
        return try await line.answer(question) { () async throws(MartletError) in
            let attempt = try self.admit(name: name, address: address)
            do throws(MartletError) {
                let parameters = self.parameters
                let outcome = try await self.line.work { try Self.compare(password, stored, parameters) }
                self.settle(attempt, outcome, question)
                return outcome
            } catch {
                self.throttle.withLock { $0.withdraw(attempt) }
                throw error
            }
        }
    }

    private static func compare(
        _ password: String,
        _ stored: String?,
        _ parameters: ScryptParameters
    ) throws -> Outcome {
        // A name that nobody has, and a hash that cannot be read, take as long as a wrong password.
        let hash = stored.flatMap { PasswordHash(stored: $0) } ?? PasswordHash.decoy(parameters)
        guard try hash.matches(password) else { return .wrong }
        guard hash.parameters != parameters else { return Outcome(isRight: true, rehashed: nil) }
        return Outcome(isRight: true, rehashed: try PasswordHash(of: password, parameters: parameters).stored)
    }

    private func admit(name: String, address: String?) throws(MartletError) -> LoginThrottle.Attempt {
        let now = clock.now
        switch throttle.withLock({ $0.admit(name: name, address: LoginAddress.key(address), now: now) }) {
        case .admitted(let attempt): return attempt
        case .refused(let wait):
            let seconds = Int(clamping: (wait.wholeMilliseconds + 999) / 1000)
            throw MartletError(
                .resourceExhausted,
                "Too many log-ins have failed; try again in \(seconds) s. A token works meanwhile.",
                retryAfterSeconds: max(1, seconds)
            )
        }
    }

    private func settle(_ attempt: LoginThrottle.Attempt, _ outcome: Outcome, _ question: SecretHash) {
        guard outcome.isRight else { return }
        let now = clock.now
        throttle.withLock { $0.succeed(attempt, now: now) }
        known.withLock { known in
            if known.count >= IdentityLimits.passwordCacheEntries { known = known.filter { now < $0.value } }
            if known.count >= IdentityLimits.passwordCacheEntries { known = [:] }
            known[question] = now + .seconds(IdentityLimits.passwordCacheSeconds)
        }
    }
}

/// Lets a few passwords be hashed at a time, and answers the same question once for all who ask it meanwhile.
private actor PasswordLine {
    private typealias Asker = CheckedContinuation<Result<PasswordDesk.Outcome, MartletError>, Never>

    private var askers: [SecretHash: [Asker]] = [:]
    private var busy = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func answer(
        _ question: SecretHash,
        _ body: @Sendable () async throws(MartletError) -> PasswordDesk.Outcome
    ) async throws(MartletError) -> PasswordDesk.Outcome {
        if askers[question] != nil {
            return try await withCheckedContinuation { askers[question]?.append($0) }.get()
        }
        askers[question] = []
        let result: Result<PasswordDesk.Outcome, MartletError>
        do throws(MartletError) {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        // One of them is enough to store a stronger hash.
        let shared = result.map { PasswordDesk.Outcome(isRight: $0.isRight, rehashed: nil) }
        for asker in askers.removeValue(forKey: question) ?? [] { asker.resume(returning: shared) }
        return try result.get()
    }

    /// Runs what takes long on a thread of its own, when it is its turn.
    func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws(MartletError) -> T {
        if busy < IdentityLimits.passwordChecks {
            busy += 1
        } else {
            guard waiting.count < IdentityLimits.waitingPasswordChecks else {
                throw MartletError(
                    .resourceExhausted,
                    "Too many passwords are being checked; try again in a moment. A token works meanwhile.",
                    retryAfterSeconds: 2
                )
            }
            // Whoever ends hands its place on.
            await withCheckedContinuation { waiting.append($0) }
        }
        defer {
            if waiting.isEmpty { busy -= 1 } else { waiting.removeFirst().resume() }
        }
        do {
            return try await BlockingWork.run(body)
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}
