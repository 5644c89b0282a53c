package import Core
import Foundation
package import Logging
import Synchronization

/// The certificate that new connections get, read again when its files change.
///
/// Connections that stand keep the certificate they began with. Files that do not fit together, as they may not for a
/// moment while a renewal writes one after the other, change nothing and are said in the log once.
package final class TLSCertificates: Sendable {
    private struct Files: Equatable {
        let certificate: [UInt8]
        let key: [UInt8]
    }

    private struct State {
        var identity: TLSIdentity
        /// What the identity was read from.
        var files: Files
        /// What was last found and could not be used.
        var broken: Files?
        /// Whether the files could not be read when they were last looked at.
        var isMissing = false
        /// The last complaint of the certificate's time.
        var complaint: String?
    }

    private let certificate: String
    private let key: String
    private let logger: Logger
    private let state: Mutex<State>

    private init(certificate: String, key: String, logger: Logger, state: sending State) {
        self.certificate = certificate
        self.key = key
        self.logger = logger
        self.state = Mutex(state)
    }

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - certificate: path of the chain, the server's certificate first, in PEM text.
    ///   - key: path of its key, in PEM text and not encrypted.
    ///   - logger: hears of changes.
    /// - Returns: the certificates as they are now.
    /// - Throws: `invalidArgument` naming the setting whose file cannot be used.
    package static func load(
        certificate: String,
        key: String,
        logger: Logger
    ) throws(MartletError) -> TLSCertificates {
        let files = Files(
            certificate: try read(certificate, "--tls-certificate"),
            key: try read(key, "--tls-key")
        )
        let identity = try TLSIdentity(certificate: files.certificate, key: files.key)
        if isReadableByOthers(key) {
            logger.warning("The file of --tls-key can be read by others on this machine; make it chmod 600.")
        }
        let state = State(identity: identity, files: files)
        return TLSCertificates(certificate: certificate, key: key, logger: logger, state: state)
    }

    /// What new connections get.
    package var identity: TLSIdentity { state.withLock { $0.identity } }

    /// The names that the certificate is for.
    package var names: [String] { state.withLock { $0.identity.names } }

    /// Looks at the files, and at the certificate's time, until it is cancelled.
    package func run(clock: Clock) async {
        while true {
            complain(at: clock.now)
            do { try await clock.sleep(for: .seconds(TLSLimits.reloadSeconds)) } catch { return }
            // Reading two small files blocks for no time that matters, but may on a network's file system.
            do { try await BlockingWork.run { self.reload() } } catch { return }
        }
    }

    /// Reads the files again if they changed; what cannot be used leaves everything as it is.
    package func reload() {
        let files: Files
        do throws(MartletError) {
            files = Files(
                certificate: try Self.read(certificate, "--tls-certificate"),
                key: try Self.read(key, "--tls-key")
            )
        } catch {
            let isNew = state.withLock { state in
                defer { state.isMissing = true }
                return !state.isMissing
            }
            if isNew { logger.error("The TLS certificate stays as it was: \(error.message)") }
            return
        }
        let isKnown = state.withLock { state in
            state.isMissing = false
            return state.files == files || state.broken == files
        }
        guard !isKnown else { return }
        do throws(MartletError) {
            let identity = try TLSIdentity(certificate: files.certificate, key: files.key)
            state.withLock { state in
                state.identity = identity
                state.files = files
                state.broken = nil
            }
            logger.notice(
                "New connections get the new TLS certificate.",
                metadata: ["ends": "\(identity.ends.iso8601)"]
            )
        } catch {
            state.withLock { $0.broken = files }
            logger.error("The TLS certificate stays as it was: \(error.message)")
        }
    }

    private func complain(at now: Timestamp) {
        let complaint = state.withLock { state -> String? in
            let complaint = state.identity.complaint(at: now)
            defer { state.complaint = complaint }
            return complaint == state.complaint ? nil : complaint
        }
        if let complaint { logger.warning("\(complaint)") }
    }

    /// A small file's bytes.
    private static func read(_ path: String, _ setting: String) throws(MartletError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw MartletError(
                .invalidArgument,
                "The file of \(setting) cannot be read: \(String(cString: strerror(errno)))."
            )
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: TLSLimits.fileBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0, count > 0 else {
            throw MartletError(.invalidArgument, "The file of \(setting) is empty or cannot be read.")
        }
        guard count <= TLSLimits.fileBytes else {
            throw MartletError(.invalidArgument, "The file of \(setting) is larger than \(TLSLimits.fileBytes) bytes.")
        }
        return Array(bytes[..<count])
    }

    private static func isReadableByOthers(_ path: String) -> Bool {
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return (attributes?[.posixPermissions] as? Int).map { $0 & 0o004 != 0 } ?? false
    }
}
