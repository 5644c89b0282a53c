import Core
import Storage
import Testing

/// URLs, what is shown of them, and what PostgreSQL says in Martlet's words.
@Suite struct PostgresAddressTests {
    @Test(arguments: [
        ("postgres://h/d", "postgres://h/d"), ("postgresql://h:5433/d", "postgres://h:5433/d"),
        ("postgres://user:secret@h:1/d?sslmode=require", "postgres://h:1/d"),
        ("postgres://user:se%40cr%2Fet@[::1]:1/d", "postgres://[::1]:1/d"),
        ("postgres://u:p@one,two/d", "postgres://one,two/d"), ("postgres:///d?host=/run/postgresql", "postgres:///d"),
        ("postgres://u:p@h?password=other", "postgres://h"), ("postgres://", "postgres://"),
    ])
    func whatIsShownHasNoCredentials(url: String, display: String) throws {
        #expect(try PostgresAddress(url).display == display)
    }

    @Test(arguments: ["mysql://h/d", "postgres:h/d", "", "postgres://h/d?secret", "postgres://h/\0"])
    func malformedURLsAreRefusedWithoutRepeatingThem(url: String) {
        let error = #expect(throws: MartletError.self) { try PostgresAddress(url) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func messagesLoseEveryFormOfThePassword() throws {
        let address = try PostgresAddress("postgres://u:se%2Fcret@h/d?password=other%21")
        let message = "bad se/cret or se%2Fcret,\n  other! or postgres://u:se%2Fcret@h/d?password=other%21"
        let shown = address.withoutSecrets(message)
        #expect(shown == "bad *** or ***; *** or ***" || shown == "bad *** or ***,; *** or ***")
        for secret in ["cret", "other"] { #expect(!shown.contains(secret)) }
    }

    @Test(arguments: [
        ("23505", MartletError.Code.alreadyExists), ("23503", .failedPrecondition), ("22021", .invalidArgument),
        ("22003", .invalidArgument), ("54000", .invalidArgument), ("40001", .unavailable), ("40P01", .unavailable),
        ("55P03", .unavailable), ("57014", .deadlineExceeded), ("53100", .storageFull), ("53200", .unavailable),
        ("53300", .unavailable), ("57P01", .unavailable), ("57P02", .unavailable), ("57P03", .unavailable),
        ("08006", .unavailable), ("58030", .unavailable), ("25006", .unavailable), ("42501", .failedPrecondition),
        ("XX001", .dataLoss), ("42601", .internal), ("", .internal),
    ])
    func statesHaveCodes(state: String, code: MartletError.Code) {
        #expect(PostgresFailure(state: state, message: "").error.code == code)
    }

    @Test func oldServersAreRefused() throws {
        try PostgresConnectFailure.check(serverVersion: StorageLimits.postgresVersion)
        let error = #expect(throws: MartletError.self) {
            try PostgresConnectFailure.check(serverVersion: StorageLimits.postgresVersion - 1)
        }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("version 12") == true)
    }

    @Test func aMissingLibraryIsNamedWithItsPackage() {
        let error = #expect(throws: MartletError.self) { try PostgresLibrary.open(anyOf: ["libabsent.so.5"]) }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("apt-get install libpq5") == true)
    }

    @Test func aLibraryWithoutTheFunctionsIsRefused() {
        let error = #expect(throws: MartletError.self) { try PostgresLibrary.open(anyOf: ["libz.so.1"]) }
        #expect(error?.code == .failedPrecondition)
    }

    @Test(
        arguments: [
            ([0, 0, 0, 0], SQLValue.integer(0)), ([1, 0, 0, 0, 7], 7), ([1, 0, 0x4000, 0, 7], -7),
            ([1, 1, 0, 0, 1], 10_000), ([2, 1, 0, 0, 1, 2], 10_002), ([2, 0, 0, 1, 2, 5000], 2.5),
            ([1, -1, 0, 4, 25], 0.0025), ([5, 4, 0, 0, 922, 3372, 368, 5477, 5807], .integer(.max)),
            ([5, 4, 0, 0, 922, 3372, 368, 5477, 5808], 9.223372036854775808e18), ([0, 0, 0xD000, 0], .real(.infinity)),
            ([0, 0, 0xF000, 0], .real(-.infinity)), ([0, 0, 0, 2], 0.0),
        ] as [([Int], SQLValue)]
    )
    func decimalsAreRead(words: [Int], expected: SQLValue) throws {
        let bytes = words.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let value = try bytes.withUnsafeBytes { try PostgresDecoder.value($0, type: PostgresType.numeric) }
        #expect(value == expected)
    }

    @Test func malformedDecimalsAndUnknownTypesAreReported() {
        for (bytes, type) in [([0, 9, 0, 0, 0, 0, 0, 0], PostgresType.numeric), ([1], 1082)] as [([UInt8], UInt32)] {
            let error = #expect(throws: MartletError.self) {
                try bytes.withUnsafeBytes { try PostgresDecoder.value($0, type: type) }
            }
            #expect(error?.code == .internal)
        }
    }
}
