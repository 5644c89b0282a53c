import Core
import HTTPSupport
import Testing

@Suite struct TLSIdentityTests {
    private func identity(_ certificate: String, _ key: String) throws -> TLSIdentity {
        try TLSIdentity(certificate: Array(certificate.utf8), key: Array(key.utf8))
    }

    @Test func namesAndTimeAreRead() throws {
        let identity = try identity(TestCertificates.first, TestCertificates.firstKey)
        #expect(identity.names == ["localhost", "*.models.example", "127.0.0.1", "::1"])
        #expect(identity.begins == Timestamp(milliseconds: 1_577_836_800_000))
        #expect(identity.ends == Timestamp(milliseconds: 4_733_510_400_000))
    }

    @Test(arguments: [
        (TestCertificates.first, TestCertificates.secondKey), (TestCertificates.first, TestCertificates.firstKeyLocked),
        (TestCertificates.first, "junk"), ("junk", TestCertificates.firstKey), ("", TestCertificates.firstKey),
        (TestCertificates.firstKey, TestCertificates.firstKey), (TestCertificates.first, TestCertificates.first),
    ])
    func whatDoesNotFitIsRefused(certificate: String, key: String) {
        let error = #expect(throws: MartletError.self) { try identity(certificate, key) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("BEGIN") == false)
    }

    @Test func aChainHasAnEnd() throws {
        func chain(_ count: Int) -> String {
            TestCertificates.first + String(repeating: TestCertificates.second, count: count - 1)
        }
        #expect(try identity(chain(TLSLimits.chain), TestCertificates.firstKey).names.first == "localhost")
        #expect(throws: MartletError.self) {
            try identity(chain(TLSLimits.chain + 1), TestCertificates.firstKey)
        }
    }

    @Test func itsTimeIsWatched() throws {
        let identity = try identity(TestCertificates.first, TestCertificates.firstKey)
        let day = Duration.seconds(86_400)
        #expect(identity.complaint(at: identity.begins + day) == nil)
        #expect(identity.complaint(at: identity.ends + day * -(TLSLimits.warningDays + 1)) == nil)
        #expect(identity.complaint(at: identity.ends + day * -(TLSLimits.warningDays - 1))?.contains("ends at") == true)
        #expect(identity.complaint(at: identity.ends + day)?.contains("ended") == true)
        #expect(identity.complaint(at: identity.begins + day * -1)?.contains("not valid before") == true)
    }
}
