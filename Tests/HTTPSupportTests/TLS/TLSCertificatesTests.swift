import Core
import Foundation
import HTTPSupport
import TestSupport
import Testing

@Suite struct TLSCertificatesTests {
    @Test func filesThatChangedAreReadAgain() throws {
        let files = try CertificateFiles()
        defer { files.remove() }
        let certificates = try files.load()
        #expect(certificates.names.contains("127.0.0.1"))
        certificates.reload()
        try files.write(TestCertificates.second, TestCertificates.secondKey)
        certificates.reload()
        certificates.reload()
        #expect(certificates.names == ["localhost", "second.example"])
        #expect(files.log.messages.filter { $0.hasPrefix("notice:") }.count == 1)
    }

    @Test func filesThatDoNotFitChangeNothingAndAreSaidOnce() throws {
        let files = try CertificateFiles()
        defer { files.remove() }
        let certificates = try files.load()
        let before = certificates.names
        // A renewal writes one file after the other.
        try files.write(TestCertificates.second, nil)
        certificates.reload()
        certificates.reload()
        #expect(certificates.names == before)
        #expect(files.log.messages.filter { $0.contains("stays as it was") }.count == 1)
        try files.write(nil, TestCertificates.secondKey)
        certificates.reload()
        #expect(certificates.names == ["localhost", "second.example"])
    }

    @Test func filesThatAreGoneChangeNothingAndAreSaidOnce() throws {
        let files = try CertificateFiles()
        defer { files.remove() }
        let certificates = try files.load()
        let before = certificates.names
        try FileManager.default.removeItem(at: files.folder.appendingPathComponent("k.pem"))
        certificates.reload()
        certificates.reload()
        #expect(certificates.names == before)
        #expect(files.log.messages.filter { $0.contains("--tls-key") && $0.contains("stays") }.count == 1)
        try files.write(TestCertificates.second, TestCertificates.secondKey)
        certificates.reload()
        #expect(certificates.names.contains("second.example"))
    }

    @Test func filesAreLookedAtEveryFewSeconds() async throws {
        let files = try CertificateFiles()
        defer { files.remove() }
        let certificates = try files.load()
        let time = ManualClock()
        await withTaskGroup { group in
            group.addTask { await certificates.run(clock: time.clock) }
            await sleeping(time)
            time.advance(by: .seconds(TLSLimits.reloadSeconds))
            await sleeping(time)
            #expect(certificates.names.contains("127.0.0.1"))
            #expect(throws: Never.self) { try files.write(TestCertificates.second, TestCertificates.secondKey) }
            time.advance(by: .seconds(TLSLimits.reloadSeconds) - .milliseconds(1))
            #expect(certificates.names.contains("127.0.0.1"))
            time.advance(by: .milliseconds(1))
            await sleeping(time)
            #expect(certificates.names.contains("second.example"))
            group.cancelAll()
        }
    }

    private func sleeping(_ time: ManualClock) async {
        while time.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func aServerDoesNotStartWithoutUsableFiles() throws {
        let files = try CertificateFiles(TestCertificates.first, TestCertificates.secondKey)
        defer { files.remove() }
        #expect(throws: MartletError.self) { try files.load() }
        try files.write("", TestCertificates.firstKey)
        #expect(throws: MartletError.self) { try files.load() }
    }

    @Test func filesHaveALargestSize() throws {
        func padded(to bytes: Int) -> String {
            String(repeating: "#", count: bytes - TestCertificates.first.utf8.count - 1) + "\n" + TestCertificates.first
        }
        let files = try CertificateFiles(padded(to: TLSLimits.fileBytes), TestCertificates.firstKey)
        defer { files.remove() }
        #expect(try files.load().names.isEmpty == false)
        try files.write(padded(to: TLSLimits.fileBytes + 1), nil)
        let error = #expect(throws: MartletError.self) { try files.load() }
        #expect(error?.message.contains("larger than \(TLSLimits.fileBytes)") == true)
    }

    @Test func aKeyThatOthersCanReadIsComplainedOf() throws {
        let files = try CertificateFiles()
        defer { files.remove() }
        let key = files.folder.appendingPathComponent("k.pem").path
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        _ = try files.load()
        #expect(files.log.messages.isEmpty)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        _ = try files.load()
        #expect(files.log.messages.contains { $0.contains("chmod 600") })
    }
}
