import Artifacts
import Core
import Foundation
import Imports
import Registry
import TestSupport
import Tracking

/// One small MLflow store in three forms: what each of them must give.
enum SourceFixture {
    static let run = "0123456789abcdef0123456789abcdef"
    static let deletedRun = "1123456789abcdef0123456789abcdef"
    static let goneRun = "2123456789abcdef0123456789abcdef"
    static let model = "m-3123456789abcdef0123456789abcdef"
    static let start: Int64 = 1_700_000_000_000
    static let artifacts = ["notes/hello.txt": "hello", "weights.bin": "0101"]

    static let points: [(key: String, step: Int64, value: Double)] = [
        ("loss", 0, 1), ("loss", 1, 0.5), ("loss", 2, 0.25), ("odd/value of it", 0, .nan),
        ("odd/value of it", 1, 1.5),
    ]

    static let tags = [Tag(key: "mlflow.runName", value: "whole"), Tag(key: "t", value: "one\ntwo")]
    static let params = [Param(key: "depth", value: "4"), Param(key: "empty", value: "")]
    static let dataset = DatasetInput(
        name: "d1",
        digest: "abc",
        sourceType: "local",
        source: #"{"uri": "x"}"#,
        schema: "{}",
        profile: nil,
        tags: [Tag(key: "mlflow.data.context", value: "training")]
    )

    /// The forms.
    enum Kind: String, CaseIterable, Sendable {
        case server, database, folder
    }

    /// Makes the store below a folder and opens it.
    static func open(_ kind: Kind, in folder: Folder) async throws -> any ImportSource {
        switch kind {
        case .server: return ServerFixture.source()
        case .database:
            try await DatabaseFixture.make(folder.path)
            return try ImportAddress.open("sqlite:///\(folder.path)/mlflow.db")
        case .folder:
            try FolderFixture.make(folder.path)
            return try ImportAddress.open(folder.path + "/mlruns")
        }
    }
}

/// A folder of a test's own, removed with the value.
final class Folder: Sendable {
    let path: String

    init() throws {
        // The system's folder for temporary files may be a link; sources name resolved paths.
        let base = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
        path = base + "/martlet-" + Identifier.random()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and its folders.
    func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
    }
}

extension SourceItem {
    /// What was found, nil if it is broken.
    var value: Value? {
        if case .found(let value) = self { value } else { nil }
    }

    /// What is wrong, nil if nothing is.
    var message: String? {
        if case .broken(let name, let error) = self { "\(name): \(error.message)" } else { nil }
    }
}
