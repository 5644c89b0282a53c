import Artifacts
import Core
import Foundation
import Registry
import Testing

@Suite("Signing keys and manifests") struct SigningKeyTests {
    private let manifest = ModelManifest(
        model: "cancer",
        version: 3,
        files: [
            ModelFile(path: "model.json", digest: ArtifactDigest(of: "{}".utf8)),
            ModelFile(path: "MLmodel", digest: ArtifactDigest(of: "flavors:".utf8)),
        ]
    )

    @Test("the canonical form is text, with the files in the order of their bytes")
    func canonicalForm() throws {
        #expect(
            manifest.text == """
                martlet-model-manifest-1
                model cancer
                version 3
                ab4802ff9012619635d99339d4e03c92f89739dc25615b6f6c2ea5be97796371 8 MLmodel
                44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a 2 model.json

                """
        )
        #expect(try ModelManifest(text: manifest.text) == manifest)
        for broken in [
            "", "x", manifest.text.replacing("manifest-1", with: "manifest-2"), String(manifest.text.dropLast()),
            manifest.text.replacing("version 3", with: "version three"), manifest.text.replacing(" 2 ", with: " two "),
        ] {
            #expect(throws: MartletError.self) { try ModelManifest(text: broken) }
        }
    }

    @Test("a key signs, its public half verifies, and nothing else does")
    func signs() throws {
        let key = SigningKey()
        let signature = try key.sign(manifest)
        #expect(key.verifyingKey.verifies(signature, of: manifest))
        #expect(!SigningKey().verifyingKey.verifies(signature, of: manifest))
        for other in [
            ModelManifest(model: "cancer2", version: 3, files: manifest.files),
            ModelManifest(model: "cancer", version: 4, files: manifest.files),
            ModelManifest(model: "cancer", version: 3, files: Array(manifest.files.prefix(1))),
        ] {
            #expect(!key.verifyingKey.verifies(signature, of: other))
        }
        let long = String(repeating: "A", count: RegistryLimits.signatureCharacters + 4)
        for text in ["", "x", String(signature.dropLast(4)), long] {
            #expect(!key.verifyingKey.verifies(text, of: manifest))
        }
    }

    @Test("keys are PEM as OpenSSL writes it")
    func pem() throws {
        let key = SigningKey()
        let again = try SigningKey(pem: key.pem)
        #expect(again.verifyingKey == key.verifyingKey)
        #expect(try VerifyingKey(pem: key.verifyingKey.pem) == key.verifyingKey)
        #expect(key.pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        // RFC 8410, section 10.1 and 10.3.
        let published = try SigningKey(
            pem: """
                -----BEGIN PRIVATE KEY-----
                MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
                -----END PRIVATE KEY-----
                """
        )
        #expect(published.verifyingKey.pem.contains("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="))
        #expect(published.verifyingKey.id.hasPrefix("ed25519:"))
        #expect(published.verifyingKey.id.utf8.count == 40)
    }

    @Test("what is no key is refused without being repeated")
    func badKeys() {
        let key = SigningKey()
        let padding = String(repeating: "\n", count: RegistryLimits.keyCharacters)
        for text in ["", "secret", key.verifyingKey.pem, key.pem + padding, key.pem.replacing("MC4C", with: "MC5C")] {
            let failure = #expect(throws: MartletError.self) { try SigningKey(pem: text) }
            #expect(failure?.code == .invalidArgument)
            #expect(failure?.message.contains("secret") == false)
        }
        #expect(throws: MartletError.self) { try VerifyingKey(pem: key.pem) }
    }
}
