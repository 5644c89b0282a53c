import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The model files beside these tests, made with xgboost 3.2.0, lightgbm 4.7.0 and onnxmltools 1.16.
enum GoldenFiles {
    static let folder = "\(#filePath)".split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Golden"

    /// The bytes of a file in `Golden/`.
    static func bytes(_ name: String) throws -> [UInt8] {
        try read("\(folder)/\(name)")
    }

    /// The document in a file in `Golden/`.
    static func json(_ name: String) throws -> JSONValue {
        try JSONValue.parse(bytes(name))
    }

    /// The rows of a case, row-major, null as NaN.
    static func rows(_ value: JSONValue?) -> [Float] {
        (value?.arrayValue ?? []).flatMap { row in
            (row.arrayValue ?? []).map { Float($0.doubleValue ?? .nan) }
        }
    }

    /// The numbers of an array, flat.
    static func numbers(_ value: JSONValue?) -> [Float] {
        (value?.arrayValue ?? []).flatMap { element in
            element.arrayValue == nil ? [Float(element.doubleValue ?? .nan)] : numbers(element)
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw MartletError(.notFound, "There is no \(path).") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&block, 1, block.count, file)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: block.prefix(count))
        }
    }
}

/// A folder that is removed with everything in it when the test ends.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MartletError(.internal, "mkdtemp failed") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in (try? names()) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func write(_ name: String, _ bytes: some Collection<UInt8>) throws {
        guard let file = fopen("\(path)/\(name)", "wb") else { throw MartletError(.internal, "fopen failed") }
        defer { fclose(file) }
        let written = fwrite(Array(bytes), 1, bytes.count, file)
        guard written == bytes.count else { throw MartletError(.internal, "fwrite failed") }
    }

    private func names() throws -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
