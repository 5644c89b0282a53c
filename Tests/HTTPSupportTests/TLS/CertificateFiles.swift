import Foundation
import HTTPSupport
import Logging
import Synchronization

/// A certificate and a key in files of their own, which a test may change.
struct CertificateFiles: Sendable {
    let folder: URL
    let log = CollectedLog()

    init(_ certificate: String = TestCertificates.first, _ key: String = TestCertificates.firstKey) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(certificate, key)
    }

    func write(_ certificate: String?, _ key: String?) throws {
        try certificate.map { try Data($0.utf8).write(to: folder.appendingPathComponent("c.pem")) }
        try key.map { try Data($0.utf8).write(to: folder.appendingPathComponent("k.pem")) }
    }

    func load() throws -> TLSCertificates {
        let log = log
        return try TLSCertificates.load(
            certificate: folder.appendingPathComponent("c.pem").path,
            key: folder.appendingPathComponent("k.pem").path,
            logger: Logger(label: "tls") { _ in log }
        )
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// Keeps what is logged.
final class CollectedLog: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var messages: [String] { kept.withLock { $0 } }

    var logLevel: Logger.Level {
        get { .trace }
        set { _ = newValue }
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set { _ = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set { _ = newValue }
    }

    func log(event: LogEvent) {
        kept.withLock { $0.append("\(event.level): \(event.message)") }
    }
}
