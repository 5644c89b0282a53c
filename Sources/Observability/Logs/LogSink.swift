#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where finished log lines go, each a whole line with its end.
package struct LogSink: Sendable {
    /// Takes one line.
    package let write: @Sendable ([UInt8]) -> Void

    /// A sink that calls a function.
    package init(write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// Standard error; one system call per line keeps lines of many threads whole.
    package static let standardError = LogSink { line in
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest))
                if written < 0, errno == EINTR { continue }
                // A log that nobody can read must not stop the server.
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }

    private static func write(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
        Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        Musl.write(descriptor, buffer.baseAddress, buffer.count)
        #else
        Darwin.write(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
