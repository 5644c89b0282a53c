#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How many processors this machine has for the process.
package enum ProcessorCount {
    /// The processors that are in service.
    package static let available = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}

extension Duration {
    /// The duration in whole nanoseconds; 0 below zero, the largest number when there are too many.
    package var wholeNanoseconds: UInt64 {
        guard self > .zero else { return 0 }
        let parts = components
        let (whole, overflow) = UInt64(clamping: parts.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ UInt64(clamping: parts.attoseconds / 1_000_000_000)
    }
}
