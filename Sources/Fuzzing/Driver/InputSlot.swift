#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file in memory that holds the input under test: it outlives a crash of the process.
///
/// Eight bytes each for the count of inputs so far and for the input's length, in the machine's order, then the input.
final class InputSlot {
    private let memory: UnsafeMutableRawPointer
    private let size: Int

    /// Bytes before the input.
    static let head = 16

    /// Opens or makes the file; nil when that is not possible.
    init?(path: String, longest: Int) {
        size = Self.head + longest
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard ftruncate(file, off_t(size)) == 0,
            let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { return nil }
        self.memory = memory
    }

    deinit { munmap(memory, size) }

    /// Writes down the input that is tried next.
    func note(_ input: [UInt8], number: Int) {
        let kept = min(input.count, size - Self.head)
        memory.storeBytes(of: UInt64(number), as: UInt64.self)
        memory.storeBytes(of: UInt64(kept), toByteOffset: 8, as: UInt64.self)
        UnsafeMutableRawBufferPointer(start: memory + Self.head, count: kept).copyBytes(from: input.prefix(kept))
    }
}
