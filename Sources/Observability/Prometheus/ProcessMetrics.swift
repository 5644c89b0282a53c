#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the operating system says about this process, under the names that every Prometheus client uses.
package enum ProcessMetrics {
    /// Reads the figures; one that the system does not offer is left out.
    package static func families() -> [ObservedFamily] {
        var families: [ObservedFamily] = [
            .counter(
                "process_cpu_seconds_total",
                help: "Total user and system CPU time spent in seconds.",
                [.init(cpuSeconds())]
            )
        ]
        func gauge(_ name: String, _ help: String, _ value: Double?) {
            guard let value else { return }
            families.append(.gauge(name, help: help, [.init(value)]))
        }
        let memory = pages()
        gauge("process_resident_memory_bytes", "Resident memory size in bytes.", memory?.resident)
        gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", memory?.virtual)
        gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", startTime)
        gauge("process_open_fds", "Number of open file descriptors.", openDescriptors())
        gauge("process_max_fds", "Maximum number of open file descriptors.", maximumDescriptors())
        gauge("process_threads", "Number of operating system threads.", threads())
        return families
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        // 0 is RUSAGE_SELF, which the C libraries import with different types.
        getrusage(0, &usage)
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
    }

    private static func pages() -> (virtual: Double, resident: Double)? {
        let fields = contents(of: "/proc/self/statm").split(separator: " ")
        guard fields.count >= 2, let virtual = Double(fields[0]), let resident = Double(fields[1]) else { return nil }
        let size = Double(sysconf(Int32(_SC_PAGESIZE)))
        return (virtual * size, resident * size)
    }

    /// The fields of `/proc/self/stat` after the command's name, which may hold spaces and brackets itself.
    private static func statistics() -> [Substring] {
        let text = contents(of: "/proc/self/stat")
        guard let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func threads() -> Double? {
        let fields = statistics()
        return fields.count > 17 ? Double(fields[17]) : nil
    }

    private static let startTime: Double? = {
        let fields = statistics()
        let boot = contents(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        guard fields.count > 19, let ticks = Double(fields[19]), ticksPerSecond > 0,
            let bootTime = boot.flatMap({ Double($0.dropFirst("btime ".count)) })
        else { return nil }
        return bootTime + ticks / ticksPerSecond
    }()

    private static func openDescriptors() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without ".", ".." and the descriptor that reads the directory.
        return Double(count - 3)
    }

    private static func maximumDescriptors() -> Double? {
        var limit = rlimit()
        #if canImport(Glibc)
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return nil }
        #else
        guard getrlimit(RLIMIT_NOFILE, &limit) == 0 else { return nil }
        #endif
        return Double(limit.rlim_cur)
    }

    /// A small file of `/proc` as text; empty when it cannot be read.
    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while text.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            text.append(contentsOf: buffer.prefix(count))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
