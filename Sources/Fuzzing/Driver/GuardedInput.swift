#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Memory that ends where an input ends: the page behind it may not be touched, so reading too far is noticed.
// Safe because inputs are tried one after the other: only the trial under way reads or writes the memory.
final class GuardedInput: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private let room: Int
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Room for inputs of at most `longest` bytes; nil when the system gives no memory.
    init?(longest: Int) {
        room = (longest / page + 1) * page
        guard let memory = mmap(nil, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED, mprotect(memory + room, page, PROT_NONE) == 0
        else { return nil }
        self.memory = memory
    }

    deinit { munmap(memory, room + page) }

    /// Puts an input before the guarded page; it is valid until the next one is put there.
    func place(_ input: [UInt8]) -> UnsafeRawBufferPointer {
        let start = memory + (room - min(input.count, room))
        let place = UnsafeMutableRawBufferPointer(start: start, count: min(input.count, room))
        place.copyBytes(from: input.prefix(room))
        return UnsafeRawBufferPointer(place)
    }
}
