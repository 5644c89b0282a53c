package import Core
import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A CSV file that a command compares.
package enum TableFile {
    /// Reads a table; columns of whole numbers are integers.
    ///
    /// - Parameter path: The file.
    /// - Returns: The table.
    /// - Throws: `notFound` for a file that cannot be read, `payloadTooLarge` past `CommandLimits.comparedFileBytes`,
    ///   `invalidArgument` for one that is no CSV; all name the file.
    package static func table(at path: String) throws(MartletError) -> Table {
        let bytes = try contents(path)
        do {
            return try bytes.withUnsafeBufferPointer { bytes throws(MartletError) in
                try CSV.parse(bytes, wholeNumbers: .asIntegers)
            }
        } catch {
            throw MartletError(error.code, "'\(path)': \(error.message)", cause: error)
        }
    }

    /// Reads two tables at once.
    ///
    /// - Parameters:
    ///   - first: One file.
    ///   - second: The other.
    /// - Returns: Both tables.
    /// - Throws: As `table(at:)`, the first file's error first.
    package static func tables(_ first: String, _ second: String) throws(MartletError) -> (Table, Table) {
        let paths = [first, second]
        let results = Mutex<[Int: Result<Table, MartletError>]>([:])
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            let result = Result { () throws(MartletError) in try table(at: paths[index]) }
            results.withLock { $0[index] = result }
        }
        let read = results.withLock(\.self)
        guard let one = read[0], let other = read[1] else {
            throw MartletError(.internal, "The files were not read.")
        }
        return (try one.get(), try other.get())
    }

    private static func contents(_ path: String) throws(MartletError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw MartletError(.notFound, "'\(path)' cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        // Only a plain file has a size: a pipe cannot be wound back, and a directory's end is anywhere.
        let isPlain = FileStatus(descriptor: descriptor)?.isPlain ?? false
        let end = isPlain ? lseek(descriptor, 0, SEEK_END) : 0
        let size = end > 0 && lseek(descriptor, 0, SEEK_SET) == 0 ? Int(end) : 0
        guard size <= CommandLimits.comparedFileBytes else { throw tooLarge(path) }
        var bytes: [UInt8] = []
        // One byte more than the file has, so that its end is seen without another block.
        var block = max(size + 1, 64 * 1024)
        while true {
            let (more, failure) = next(of: descriptor, upTo: block)
            guard failure == 0 else {
                throw MartletError(.notFound, "'\(path)' cannot be read: \(String(cString: strerror(failure))).")
            }
            guard !more.isEmpty else { return bytes }
            if bytes.isEmpty { bytes = more } else { bytes += more }
            guard bytes.count <= CommandLimits.comparedFileBytes else { throw tooLarge(path) }
            block = max(64 * 1024, size + 1 - bytes.count)
        }
    }

    private static func next(of descriptor: Int32, upTo count: Int) -> (bytes: [UInt8], failure: Int32) {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count, let base = buffer.baseAddress {
                let taken = read(descriptor, base + filled, count - filled)
                if taken < 0, errno == EINTR { continue }
                if taken < 0 { failure = errno }
                guard taken > 0 else { return }
                filled += taken
            }
        }
        return (bytes, failure)
    }

    private static func tooLarge(_ path: String) -> MartletError {
        MartletError(
            .payloadTooLarge,
            "'\(path)' is larger than \(CommandLimits.comparedFileBytes) bytes; compare a sample of its rows."
        )
    }
}
