#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Hands on what was printed, for readers that wait for it.
func flushOutput() {
    fflush(nil)
}
