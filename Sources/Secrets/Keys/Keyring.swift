package import Core
import Synchronization

/// The keys of a workspace's secrets: the first encrypts, all decrypt.
///
/// Keys are read when they are first needed and kept in memory.
package final class Keyring: Sendable {
    /// Where the keys come from.
    package let source: KeySource
    private let keys = Mutex<[SecretKey]>([])

    /// A ring of keys that are read later.
    package init(source: KeySource) {
        self.source = source
    }

    /// Reads the keys, so that what is wrong with their source is said at the start.
    ///
    /// - Throws: what is wrong, and the remedy.
    package func load() async throws {
        let source = source
        let found = try await BlockingWork.run { try source.load() }
        keys.withLock { $0 = found }
    }

    /// The ids of the keys, the one that encrypts first.
    package var ids: [String] { keys.withLock { $0.map(\.id) } }

    /// Encrypts a value for a place with the first key.
    ///
    /// - Throws: `failedPrecondition` when there is no key.
    package func seal(_ value: String, for place: String) throws(MartletError) -> String {
        guard let key = keys.withLock({ $0.first }) else {
            throw MartletError(.failedPrecondition, "There is no key of secrets yet.")
        }
        return try SecretEnvelope.seal(value, with: key, for: place)
    }

    /// Decrypts a value of a place.
    ///
    /// - Throws: `failedPrecondition` naming the remedy when the key is missing, `dataLoss` for what was changed.
    package func open(_ text: String, for place: String) throws(MartletError) -> String {
        let id = SecretEnvelope.keyID(of: text) ?? "unknown"
        guard let key = keys.withLock({ $0.first { $0.id == id } }) else { throw missing(id) }
        return try SecretEnvelope.open(text, with: key, for: place)
    }

    /// What is said of a key that is not there.
    package func missing(_ id: String) -> MartletError {
        let known = ids.isEmpty ? "no key" : ids.joined(separator: ", ")
        let remedy =
            switch source {
            case .file: "Put the key file back from a backup of the data directory"
            case .text: "Add the old key to MARTLET_SECRET_KEY after a comma, and restart the server"
            case .command: "Let the command print the old key in a further line, and restart the server"
            }
        return MartletError(
            .failedPrecondition,
            "The secret was encrypted with the key \(id.prefix(16)), but \(source.name) holds \(known). \(remedy); nothing is"
                + " lost until then."
        )
    }

    /// Makes the first key where keys are kept in a file; elsewhere there always is one.
    ///
    /// Blocks: call it through `BlockingWork`.
    func makeFirst() throws(MartletError) {
        guard case .file(let path) = source, ids.isEmpty else { return }
        let found = try source.load()
        guard found.isEmpty else { return keys.withLock { $0 = found } }
        let first = [SecretKey.random()]
        try SecretKeyFile.write(first, to: path)
        keys.withLock { $0 = first }
    }

    /// Puts a new key in front: a fresh one where they are kept in a file, else what the source gives now.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: `resourceExhausted` when so many old ones are still needed that no further fits.
    func renew() throws(MartletError) {
        guard case .file(let path) = source else {
            let found = try source.load()
            return keys.withLock { $0 = found }
        }
        let old = try source.load()
        guard old.count < SecretsLimits.keys else {
            throw MartletError(
                .resourceExhausted,
                "The key file of secrets holds \(old.count) keys already; an earlier rotation did not finish."
            )
        }
        let all = [SecretKey.random()] + old
        try SecretKeyFile.write(all, to: path)
        keys.withLock { $0 = all }
    }

    /// Forgets the keys that nothing needs any more; only a file is ours to change.
    ///
    /// Blocks: call it through `BlockingWork`.
    func retire(keeping needed: Set<String>) throws(MartletError) {
        guard case .file(let path) = source else { return }
        let all = keys.withLock { $0 }
        let kept = all.enumerated().filter { $0.offset == 0 || needed.contains($0.element.id) }.map(\.element)
        guard kept.count < all.count else { return }
        try SecretKeyFile.write(kept, to: path)
        keys.withLock { $0 = kept }
    }
}
