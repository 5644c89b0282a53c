#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The folders in which native libraries are looked for, in order.
package struct NativeSearchPath: Sendable {
    /// A folder and how reports name it.
    package struct Place: Sendable, Equatable {
        /// How reports name the folder; never a path of the host.
        package let name: String
        /// The folder on this host.
        package let directory: String
    }

    /// The folders, the first to look in first.
    package let places: [Place]

    /// The folders for an executable, given the value of `MARTLET_NATIVE`.
    ///
    /// `executable` is the resolved path. SwiftPM's `.build/release` is a link to `.build/<triple>/release`, so the
    /// folder two levels up counts when it is `.build`.
    package init(environment: String?, executable: String?) {
        var places: [Place] = []
        if let environment, !environment.isEmpty {
            places.append(Place(name: "MARTLET_NATIVE", directory: environment))
        }
        if let executable {
            let folders = executable.split(separator: "/", omittingEmptySubsequences: true).dropLast()
            let join = { (parts: ArraySlice<Substring>) in "/" + parts.joined(separator: "/") }
            places.append(Place(name: "native", directory: join(folders) + "/native"))
            places.append(Place(name: "../native", directory: join(folders.dropLast()) + "/native"))
            if folders.dropLast(2).last == ".build" {
                places.append(Place(name: ".build/native", directory: join(folders.dropLast(2)) + "/native"))
            }
        }
        self.places = places
    }

    /// The folders for this process.
    static var current: NativeSearchPath {
        let environment = getenv("MARTLET_NATIVE").map { String(cString: $0) }
        return NativeSearchPath(environment: environment, executable: executablePath())
    }

    private static func executablePath() -> String? {
        let capacity = Int(PATH_MAX)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let length = readlink("/proc/self/exe", start, capacity)
            guard length > 0, length < capacity else { return nil }
            let bytes = UnsafeRawBufferPointer(start: start, count: length)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
