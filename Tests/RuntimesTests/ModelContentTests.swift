import Core
import Foundation
import Runtimes
import Testing

/// Comparing what will be loaded with what was registered.
@Suite struct ModelContentTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-content-\(UUID().uuidString)")

    private func write(_ name: String, _ text: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    private func finding(_ expected: [String: String]) throws -> ModelContent.Finding? {
        let sums = expected.mapValues { ModelChecksums.sha256(of: Array($0.utf8)) }
        return try ModelContent.check(folder.path(), against: sums)
    }

    @Test func everyDifferenceIsFound() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("MLmodel", "a")
        try write("code/loader.py", "b")
        let expected = ["MLmodel": "a", "code/loader.py": "b"]
        #expect(try finding(expected) == nil)
        #expect(try finding(["MLmodel": "a", "code/loader.py": "B"])?.difference == .changed)
        #expect(try finding(["MLmodel": "a"]) == ModelContent.Finding(path: "code/loader.py", difference: .added))
        try write("code/numpy.py", "evil")
        #expect(try finding(expected) == ModelContent.Finding(path: "code/numpy.py", difference: .added))
        try FileManager.default.removeItem(at: folder.appending(path: "code/numpy.py"))
        try FileManager.default.removeItem(at: folder.appending(path: "MLmodel"))
        #expect(try finding(expected) == ModelContent.Finding(path: "MLmodel", difference: .missing))
    }

    @Test func linksAreNoFiles() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("MLmodel", "a")
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: folder.appending(path: "x").path(), withDestinationPath: "/etc")
        #expect(try finding(["MLmodel": "a"]) == ModelContent.Finding(path: "x", difference: .added))
    }

    @Test func aSingleFileIsAModel() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("model.onnx", "a")
        let path = folder.appending(path: "model.onnx").path()
        let sum = ModelChecksums.sha256(of: Array("a".utf8))
        #expect(try ModelContent.check(path, against: ["model.onnx": sum]) == nil)
        #expect(try ModelContent.check(path, against: ["model.onnx": "0"])?.difference == .changed)
    }
}
