#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What this process has used of the processor.
enum ProcessorTime {
    /// Seconds since the process began.
    static var seconds: Double {
        Double(clock()) / Double(CLOCKS_PER_SEC)
    }
}
