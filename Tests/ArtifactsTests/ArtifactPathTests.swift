import Artifacts
import Core
import Testing

@Suite struct ArtifactPathTests {
    @Test(arguments: [
        "", "/", "/etc/passwd", "//etc/passwd", "a//b", "a/", "..", "../a", "a/../b", "a/..", ".", "./a", "a/./b",
        "file:///etc/passwd", "a\\b", "..\\..\\a", "a\0b", "a\nb", "a\u{7F}", "a#b", "%2e%2e/a", "a/%2E%2E/b", "a%2fb",
        ".martlet-incoming", ".martlet-incoming/x",
    ])
    func refuses(_ text: String) {
        #expect {
            try ArtifactPath(validating: text)
        } throws: { error in
            (error as? MartletError)?.code == .invalidArgument
                && (error as? MartletError)?.message.hasPrefix("Invalid path") == true
        }
    }

    @Test(arguments: [
        "a", "a/b.txt", "1/0af/artifacts/model/MLmodel", "...", "a..b", ".hidden", "100%", "50%x", "ü/日本", "a b",
        "x/.martlet-incoming", "c:d",
    ])
    func accepts(_ text: String) throws {
        #expect(try ArtifactPath(validating: text).description == text)
    }

    @Test func lengthOfOneComponent() throws {
        let longest = String(repeating: "x", count: ArtifactsLimits.componentBytes)
        #expect(try ArtifactPath(validating: longest).name == longest)
        #expect(throws: MartletError.self) { try ArtifactPath(validating: longest + "x") }
    }

    @Test func depth() throws {
        let deepest = Array(repeating: "d", count: ArtifactsLimits.components).joined(separator: "/")
        #expect(try ArtifactPath(validating: deepest).components.count == ArtifactsLimits.components)
        #expect(throws: MartletError.self) { try ArtifactPath(validating: deepest + "/d") }
        #expect(throws: MartletError.self) { try ArtifactPath(validating: deepest).appending("d") }
    }

    @Test func familyRelations() throws {
        let path = try ArtifactPath(validating: "1/run/artifacts").appending("model/MLmodel")
        #expect(path.name == "MLmodel")
        #expect(path.parent.description == "1/run/artifacts/model")
        #expect(try path.relative(to: ArtifactPath(validating: "1/run/artifacts")) == "model/MLmodel")
        #expect(try path.relative(to: ArtifactPath(validating: "1/ru")) == nil)
        #expect(path.relative(to: .root) == path.description)
        #expect(ArtifactPath.root.parent.isRoot)
        #expect(try ArtifactPath.root.appending("a").description == "a")
    }

    @Test func messageHidesWhatCouldSpoilALog() {
        #expect {
            try ArtifactPath(validating: "a\u{1B}[31m\nb")
        } throws: { error in
            !((error as? MartletError)?.message.contains("\n") ?? true)
        }
    }
}
