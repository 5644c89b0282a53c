import Core
import Crypto

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reads files of a model directory, bounded, and never through a link that leaves it.
enum FileBytes {
    private static let blockBytes = 256 * 1024

    /// The bytes of `name` in `directory`; nil when there is no such file.
    ///
    /// - Throws: `payloadTooLarge` past `limit`, `invalidArgument` for an unsafe name or what is no regular file.
    static func read(_ name: String, in directory: String, limit: Int) throws -> [UInt8]? {
        guard let file = try open(name, in: directory) else { return nil }
        defer { close(file.descriptor) }
        guard file.size <= limit else { throw tooLarge(name, limit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.size)
        try forEachBlock(of: file.descriptor, name: name) { block in
            guard bytes.count + block.count <= limit else { throw tooLarge(name, limit) }
            bytes.append(contentsOf: block)
        }
        return bytes
    }

    /// The first bytes of `name`, at most `count` of them; nil when there is no such file.
    static func head(of name: String, in directory: String, count: Int) throws -> [UInt8]? {
        guard let file = try open(name, in: directory) else { return nil }
        defer { close(file.descriptor) }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let read = retrying { systemRead(file.descriptor, UnsafeMutableRawPointer(buffer.baseAddress), count) }
            guard read >= 0 else {
                throw MartletError(.unavailable, "The file '\(name)' of the model cannot be read: \(reason()).")
            }
            initialized = read
        }
    }

    /// Folder and name of what `path` names when that is a file; nil for a folder and for nothing.
    static func file(at path: String) -> (directory: String, name: String)? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, !name.isEmpty else { return nil }
        let directory = parts.dropLast().joined(separator: "/")
        return (parts.count == 1 ? "." : (directory.isEmpty ? "/" : directory), String(name))
    }

    /// The size of `name` in bytes; nil when there is no such file.
    static func size(of name: String, in directory: String) throws -> Int? {
        guard let file = try open(name, in: directory) else { return nil }
        close(file.descriptor)
        return file.size
    }

    /// The SHA-256 of `name` in lower-case hex, read block by block; nil when there is no such file.
    static func sha256(of name: String, in directory: String) throws -> String? {
        guard let file = try open(name, in: directory) else { return nil }
        defer { close(file.descriptor) }
        var hash = SHA256()
        try forEachBlock(of: file.descriptor, name: name) { hash.update(bufferPointer: $0) }
        return hexadecimal(hash.finalize())
    }

    /// Bytes in lower-case hex.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Refuses names that are absolute or climb: descriptions come from outside.
    static func validate(_ name: String) throws {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isSafe =
            !name.isEmpty && name.utf8.count <= 1024 && !name.utf8.contains(0)
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        guard isSafe else {
            throw MartletError(.invalidArgument, "The model directory names the file '\(name)', which is no safe path.")
        }
    }

    private static func open(_ name: String, in directory: String) throws -> (descriptor: Int32, size: Int)? {
        try validate(name)
        let descriptor = retrying { openat(AT_FDCWD, "\(directory)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw MartletError(.unavailable, "The file '\(name)' of the model cannot be read: \(reason()).")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw MartletError(.invalidArgument, "'\(name)' in the model directory is not a regular file.")
        }
        return (descriptor, Int(status.st_size))
    }

    private static func forEachBlock(
        of descriptor: Int32,
        name: String,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try withUnsafeTemporaryAllocation(byteCount: blockBytes, alignment: 16) { block in
            while true {
                let count = retrying { systemRead(descriptor, block.baseAddress, block.count) }
                guard count >= 0 else {
                    throw MartletError(.unavailable, "The file '\(name)' of the model cannot be read: \(reason()).")
                }
                guard count > 0 else { return }
                try body(UnsafeRawBufferPointer(rebasing: block[..<count]))
            }
        }
    }

    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private static func reason() -> String {
        String(cString: strerror(errno))
    }

    private static func tooLarge(_ name: String, _ limit: Int) -> MartletError {
        MartletError(.payloadTooLarge, "The file '\(name)' of the model is larger than \(limit) bytes.")
    }
}

/// `read(2)`, which `FileBytes.read` would hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
