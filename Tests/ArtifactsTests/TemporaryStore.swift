import Artifacts
import Core
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A store in a directory of its own beneath the system's temporary directory, removed at the end.
final class TemporaryStore: Sendable {
    let directory: String
    let root: String
    let store: DiskArtifactStore

    init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        directory = "\(base)/martlet-artifacts-\(Identifier.random())"
        root = "\(directory)/store/root"
        store = try DiskArtifactStore(root: root)
    }

    deinit {
        removeTree(directory)
    }

    func makeOutsideFile(_ name: String, _ text: String) throws -> String {
        let path = "\(directory)/\(name)"
        try writeFile(path, text)
        return path
    }

    func writeFile(_ path: String, _ text: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        let written = write(descriptor, bytes, bytes.count)
        try #require(written == bytes.count)
    }

    /// The names in the folder where uploads wait.
    func waiting() -> [String] {
        names(in: "\(root)/.martlet-incoming")
    }
}

func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

private func removeTree(_ path: String) {
    var information = stat()
    guard lstat(path, &information) == 0 else { return }
    guard information.st_mode & S_IFMT == S_IFDIR else {
        unlink(path)
        return
    }
    for name in names(in: path) { removeTree("\(path)/\(name)") }
    rmdir(path)
}

/// Chunks given in advance, then the end or an error.
struct GivenChunks: AsyncSequence, Sendable {
    let chunks: [[UInt8]]
    var failure: MartletError?

    func makeAsyncIterator() -> Iterator {
        Iterator(rest: chunks[...], failure: failure)
    }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<[UInt8]>
        var failure: MartletError?

        mutating func next() async throws -> [UInt8]? {
            await Task.yield()
            if let chunk = rest.popFirst() { return chunk }
            if let failure { throw failure }
            return nil
        }
    }
}

/// The text of a small file.
func readFile(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
}
