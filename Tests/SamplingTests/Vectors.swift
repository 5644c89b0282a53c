import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files beside these tests.
enum Vectors {
    static let folder = "\(#filePath)".split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }

    /// The bytes of a file under the tests' folder.
    static func bytes(_ name: String) throws -> [UInt8] {
        guard let file = fopen("\(folder)/\(name)", "rb") else { throw MartletError(.notFound, "There is no \(name).") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&block, 1, block.count, file)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: block.prefix(count))
        }
    }

    /// The document in a file in `Vectors/`.
    static func json(_ name: String) throws -> JSONValue {
        try JSONValue.parse(bytes("Vectors/\(name)"))
    }
}

extension JSONValue {
    /// The numbers of an array.
    var numbers: [Double] {
        (arrayValue ?? []).map { $0.doubleValue ?? .nan }
    }
}
