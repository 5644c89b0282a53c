import Foundation

/// The repository that these tests were compiled from.
enum Repository {
    /// Its root, three folders above this file.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file that people write, read once.
    static let files: [SourceFile] = roots.flatMap(read).sorted { $0.path < $1.path }

    /// Product sources.
    static let sources = files.filter(\.isSource)
    /// Swift tests.
    static let tests = files.filter(\.isTest)

    private static let roots = [
        ".ci", ".swift-format", "ARCHITECTURE.md", "Benchmarks", "CONTRIBUTING.md", "Makefile", "Package.swift",
        "README.md", "Sources", "Tests", "deploy", "docs", "examples", "ruff.toml", "scripts",
    ]
    private static let textSuffixes = [
        "swift", "md", "py", "sh", "yaml", "yml", "toml", "lua", "h", "c", "css", "js", "mustache", "html", "txt",
        "ini",
    ]

    /// A file of the repository by its path.
    static func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

    /// True when the path, relative to the root, names a file or folder.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    private static func read(_ name: String) -> [SourceFile] {
        let url = root.appendingPathComponent(name)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else { return [] }
        let paths: [String]
        if isDirectory.boolValue {
            let below = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
            paths = below.map { "\(name)/\($0)" }.filter(isText)
        } else {
            paths = [name]
        }
        return paths.compactMap { path in
            let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            return text.map { SourceFile(path: path, text: $0) }
        }
    }

    private static func isText(_ path: String) -> Bool {
        // Python's caches and what protoc wrote (Sources/OpenTelemetryProto) are nobody's writing.
        if path.contains("__pycache__") || path.hasSuffix(".pb.swift") { return false }
        let file = path.components(separatedBy: "/").last ?? path
        guard let dot = file.lastIndex(of: ".") else { return path.hasPrefix("scripts/") || path.hasPrefix(".ci/") }
        return textSuffixes.contains(String(file[file.index(after: dot)...]))
    }
}
