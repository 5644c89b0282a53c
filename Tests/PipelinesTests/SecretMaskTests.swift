import Core
import Foundation
import Pipelines
import Testing

/// Values of secrets do not show in output, however it is cut, wrapped or encoded.
struct SecretMaskTests {
    private static let secret = "s3cr3t/Value+of 20 é"

    private func masked(_ text: String, _ values: [String] = [secret], pieces: Int) -> String {
        var mask = SecretMask(values)
        var shown: [UInt8] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            shown += mask.take(bytes[start..<min(start + pieces, bytes.count)])
        }
        return String(decoding: shown + mask.finish(), as: UTF8.self)
    }

    @Test(arguments: [1, 2, 3, 7, 1000]) func aValueIsHiddenHoweverItIsCut(pieces: Int) {
        let text = "a \(Self.secret)b\n\(Self.secret)\(Self.secret) s3cr3t/Value\ns3cr3 end s3c"
        #expect(masked(text, pieces: pieces) == "a ***b\n*** s3cr3t/Value\ns3cr3 end s3c")
        #expect(masked("nothing here\n\n", pieces: pieces) == "nothing here\n\n")
    }

    @Test func base64IsHiddenAtEachOffsetAndInBothAlphabets() {
        for before in ["", "u", "us", "user:", "xyzäö"] {
            for after in ["", "!", "--", "tail of text"] {
                let whole = Data((before + Self.secret + after).utf8).base64EncodedString()
                let safe = whole.replacing("+", with: "-").replacing("/", with: "_")
                for text in [whole, safe] {
                    let shown = masked(text, pieces: 5)
                    #expect(shown.contains("***"))
                    // At most the characters that also hold bits of what stands before and after are left.
                    #expect(shown.utf8.count <= text.utf8.count - (Self.secret.utf8.count - 2) * 4 / 3 + 3)
                }
            }
        }
    }

    @Test func wrappedEncodingsAreHidden() {
        let long = String(repeating: "correct horse battery staple ", count: 8)
        let wrapped = Data(long.utf8).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
        #expect(wrapped.contains("\n"))
        let shown = masked("x \(wrapped) y", [long], pieces: 11)
        #expect(shown == "x ***\n***\n***\n***\n***== y")
    }

    @Test func percentAndJSONFormsAreHidden() throws {
        let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        let percent = try #require(Self.secret.addingPercentEncoding(withAllowedCharacters: allowed))
        #expect(masked("?key=\(percent)&x", pieces: 3) == "?key=***&x")
        #expect(masked("?key=\(percent.lowercased().replacing("v", with: "V"))&x", pieces: 3) == "?key=***&x")
        let quoted = "a\"quoted\\value\twith tab"
        let json = JSONValue.string(quoted).description
        #expect(masked("{\"x\": \(json)}", [quoted], pieces: 4) == "{\"x\": \"***\"}")
    }

    @Test func linesOfALongValueAreHiddenEachAndTogether() {
        let pem = "-----BEGIN KEY-----\nMIIBVAIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
        #expect(masked("key: \(pem)end", [pem], pieces: 6) == "key: ***\n***\n***\n***\nend")
        #expect(masked("> hkiG9w0BAQEFAASC <", [pem], pieces: 6) == "> *** <")
    }

    @Test func overlappingValuesAreHiddenWhole() {
        #expect(masked("abcdefgh", ["abcd", "abcdefgh"], pieces: 3) == "***")
        #expect(masked("abcdefgi", ["abcd", "abcdefgh"], pieces: 3) == "***efgi")
        #expect(masked("xabcabcdx", ["abcd", "cabc"], pieces: 2) == "xab***x")
    }

    @Test func everythingElseComesThroughUnchanged() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let text = String((0..<200).map { _ in "ab\nc".randomElement(using: &generator) ?? "a" })
            let shown = masked(text, ["abcabcab"], pieces: 3)
            let joined = text.filter { $0 != "\n" }
            if !joined.contains("abcabcab") { #expect(shown == text) }
            #expect(!shown.contains("abcabcab"))
        }
    }
}
