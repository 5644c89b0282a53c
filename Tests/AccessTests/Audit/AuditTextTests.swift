import Access
import Core
import Testing

@Suite("Texts of the audit log")
struct AuditTextTests {
    @Test("secrets under telling keys are not written, that there is one is")
    func telling() {
        let value: JSONValue = [
            "url": "https://example.org/hook", "secret": "s3cr3t", "Authorization": "Bearer x", "api_key": 7,
            "token": "abc", "refresh_token": "abc", "token_id": "t-1", "password": nil, "has_secret": true,
            "nested": [["client_secret": "x"]],
        ]
        #expect(
            AuditText.value(value)
                == #"{"url":"https://example.org/hook","secret":"[secret]","Authorization":"[secret]","api_key":"[secret]","#
                + #""token":"[secret]","refresh_token":"[secret]","token_id":"t-1","password":null,"has_secret":true,"#
                + #""nested":[{"client_secret":"[secret]"}]}"#
        )
    }

    @Test("tokens and passwords inside texts are not written")
    func inside() {
        let token = "mlt_" + String(repeating: "Ab9_", count: 10) + "xyz"
        #expect(AuditText.value(.string("used \(token), twice")) == #""used [secret], twice""#)
        #expect(AuditText.value("mlt_short stays") == #""mlt_short stays""#)
        #expect(AuditText.value("postgres://u:p@db/x") == #""postgres://[secret]@db/x""#)
    }

    @Test("names are cut and printable")
    func names() {
        let limit = AuditLimits.nameCharacters
        #expect(AuditText.name(String(repeating: "é", count: limit)) == String(repeating: "é", count: limit))
        #expect(AuditText.name(String(repeating: "é", count: limit + 1)).hasSuffix("é… (1 more)"))
        #expect(AuditText.name("a\u{0}b\nc") == "a\u{FFFD}b\u{FFFD}c")
    }

    @Test("long texts are cut, large values become their size and sum")
    func large() {
        let limit = AuditLimits.textCharacters
        #expect(AuditText.value(.string(String(repeating: "x", count: limit))).count == limit + 2)
        #expect(AuditText.value(.string(String(repeating: "x", count: limit + 1))).hasSuffix(#"x… (1 more)""#))
        let few = JSONValue.array(Array(repeating: .string("0123456789abc"), count: AuditLimits.valueBytes / 16 - 1))
        #expect(AuditText.value(few).utf8.count <= AuditLimits.valueBytes)
        #expect(AuditText.value(few).hasPrefix("["))
        let many = JSONValue.array(Array(repeating: .string("0123456789abc"), count: AuditLimits.valueBytes / 16 + 1))
        #expect(AuditText.value(many).hasPrefix(#"{"too_large":true,"bytes":"#))
    }
}
