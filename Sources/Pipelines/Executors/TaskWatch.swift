import CHost
import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Looks now and then at what a task uses, for the limits that the kernel does not hold for the task as a whole.
///
/// What is past a limit is seen within a look: at the latest a fraction of a second later, and later only when looking takes
/// so long itself that it would use a processor.
struct TaskWatch {
    /// What a task used too much of.
    enum Breach: Sendable, Equatable {
        case disk(bytes: Int, most: Int)
        case files(most: Int)
        case depth
        case memory(bytes: Int, most: Int)
        case processes(count: Int, most: Int)

        /// A sentence for the task's error.
        var message: String {
            switch self {
            case .disk(let bytes, let most):
                "The task was ended: its directory held \(Self.size(bytes)), more than its 'disk' of \(Self.size(most))."
            case .files(let most): "The task was ended: its directory held more than \(most) files."
            case .depth: "The task was ended: the directories in its directory were nested too deeply."
            case .memory(let bytes, let most):
                "The task was ended: its processes held \(Self.size(bytes)), more than its 'memory' of \(Self.size(most))."
            case .processes(let count, let most):
                "The task was ended: it had \(count) processes, more than its \(most) 'processes'."
            }
        }

        /// Whether what it left on the disk is removed.
        var concernsDisk: Bool {
            switch self {
            case .disk, .files, .depth: true
            case .memory, .processes: false
            }
        }

        static func size(_ bytes: Int) -> String {
            bytes >= 10 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
        }
    }

    let directory: String
    let marker: String
    let group: ControlGroup?
    /// Most bytes in the directory.
    let disk: Int
    /// Most files in it.
    let files: Int
    /// Most memory of all processes, where no control group holds it.
    let memory: Int?
    /// Most processes, where no control group holds it.
    let processes: Int?

    private static let pauseNanoseconds: UInt64 = 250_000_000
    /// Looking takes at most this part of the time.
    private static let share: UInt64 = 20
    private var next = Clock.monotonicNanoseconds &+ Self.pauseNanoseconds / 2

    init(
        directory: String,
        marker: String,
        group: ControlGroup?,
        disk: Int,
        files: Int = PipelinesLimits.taskFiles,
        memory: Int?,
        processes: Int?
    ) {
        self.directory = directory
        self.marker = marker
        self.group = group
        self.disk = disk
        self.files = files
        self.memory = memory
        self.processes = processes
    }

    /// Looks if it is time to; nil when nothing is past its limit.
    mutating func lookIfDue() -> Breach? {
        let now = Clock.monotonicNanoseconds
        guard now >= next else { return nil }
        let breach = look()
        let end = Clock.monotonicNanoseconds
        next = end &+ max(Self.pauseNanoseconds, (end &- now) &* Self.share)
        return breach
    }

    /// Looks now.
    func look() -> Breach? {
        if let breach = lookAtDisk() { return breach }
        guard memory != nil || processes != nil else { return nil }
        let found = group?.processes ?? ProcessSweep.processes(marker: marker)
        if let processes, found.count > processes { return .processes(count: found.count, most: processes) }
        guard let memory else { return nil }
        let bytes = found.reduce(0) { $0 + Self.privateMemory(of: $1) }
        return bytes > memory ? .memory(bytes: bytes, most: memory) : nil
    }

    /// Looks at the directory.
    func lookAtDisk() -> Breach? {
        var tree = martlet_tree()
        switch martlet_tree_size(directory, UInt64(max(files, 0)), &tree) {
        case -ELOOP: return .depth
        case -EOVERFLOW: return .files(most: files)
        default:
            // A directory that cannot be read holds nothing that is known.
            let bytes = Int(clamping: tree.bytes)
            return bytes > disk ? .disk(bytes: bytes, most: disk) : nil
        }
    }

    /// The memory that a process shares with none, in bytes.
    private static func privateMemory(of process: pid_t) -> Int {
        guard let text = KernelFile.read("/proc/\(process)/statm") else { return 0 }
        let pages = text.split(separator: " ").prefix(3).compactMap { Int($0) }
        guard pages.count == 3 else { return 0 }
        return max(0, pages[1] - pages[2]) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
