import CHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Which files a process may reach: what is not hidden it may read and run, what is writable it may also change.
///
/// The kernel's rules (Landlock) only allow, and what is allowed for a directory holds for all beneath it. So the way down
/// to something hidden is allowed sibling by sibling: a directory above it cannot itself be listed, and what is made there
/// later stays out of reach of processes that already run.
package struct FileAccess: Sendable, Equatable {
    /// Files and directories that may not even be read.
    package var hidden: [String]
    /// What may be read although it lies in something hidden.
    package var readable: [String]
    /// What may be changed, also where it lies in something hidden.
    package var writable: [String]
    /// Directories that may be listed, with all beneath, also where something hidden lies in them.
    package var listable: [String]

    /// Access to all but `hidden`.
    package init(hidden: [String], readable: [String] = [], writable: [String] = [], listable: [String] = []) {
        self.hidden = hidden
        self.readable = readable
        self.writable = writable
        self.listable = listable
    }

    /// Devices that show the memory or the kernel's messages; disks are hidden by their kind.
    private static let hiddenDevices = ["/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg"]

    /// One thing that is allowed.
    package struct Rule: Sendable, Equatable {
        /// A file, or a directory and all beneath.
        package let path: String
        /// Some of `martlet_may_read`, `martlet_may_write` and `martlet_may_list`.
        package let may: Int32
    }

    /// Rules so far, and how many there may be.
    private struct RuleList {
        var all: [Rule] = []
        let most: Int
    }

    /// The rules that come of it on this machine now.
    ///
    /// - Parameter most: how many there may be.
    /// - Returns: the rules, each for one file or directory.
    /// - Throws: `resourceExhausted` if there are more.
    package func rules(most: Int = CoreLimits.fileRules) throws(MartletError) -> [Rule] {
        var rules = RuleList(most: most)
        let hidden = hidden.map(Self.real)
        let read = Int32(martlet_may_read)
        let change = read | Int32(martlet_may_write)
        // A directory that may be changed is walked once, below: it may hold many files, as `/tmp` does.
        let walkedLater = writable.map(Self.real).filter { path in hidden.contains { Self.isWithin($0, path) } }
        try Self.allow("/", read, except: hidden + walkedLater + ["/dev"], &rules)
        for device in Self.entries(of: "/dev") where !Self.isDisk(device) && !Self.hiddenDevices.contains(device) {
            try Self.allow(device, change, except: hidden, &rules)
        }
        for path in readable.map(Self.real) {
            try Self.allow(path, read, except: hidden.filter { !Self.isWithin(path, $0) }, &rules)
        }
        for path in writable.map(Self.real) {
            try Self.allow(path, change, except: hidden.filter { !Self.isWithin(path, $0) }, &rules)
        }
        for path in listable { rules.all.append(Rule(path: Self.real(path), may: Int32(martlet_may_list))) }
        return rules.all
    }

    /// The rules in the kernel: a descriptor that the caller closes.
    ///
    /// - Throws: `unavailable` where the kernel has none, `resourceExhausted` if there are too many.
    func makeRules(refusesNetwork: Bool) throws(MartletError) -> Int32 {
        let all = try rules()
        let descriptor = martlet_file_rules(refusesNetwork ? 1 : 0)
        guard descriptor >= 0 else {
            throw MartletError(.unavailable, "The kernel takes no rules for files (Landlock).")
        }
        for rule in all {
            let result = martlet_file_rules_allow(descriptor, rule.path, rule.may)
            // What has gone since, or may not be entered by this user anyway, needs no rule; kernel files take none.
            guard [0, -ENOENT, -EACCES, -ENOTDIR, -EBADFD, -EINVAL].contains(result) else {
                close(descriptor)
                throw MartletError(.unavailable, "The kernel's rules for files (Landlock) cannot be made.")
            }
        }
        return descriptor
    }

    private static func allow(
        _ path: String,
        _ may: Int32,
        except hidden: [String],
        _ rules: inout RuleList
    ) throws(MartletError) {
        if hidden.contains(where: { isWithin(path, $0) }) { return }
        guard hidden.contains(where: { isWithin($0, path) }) else {
            guard rules.all.count < rules.most else {
                throw MartletError(
                    .resourceExhausted,
                    "More than \(rules.most) files lie beside what is hidden from tasks; put the server's data"
                        + " into a directory of its own."
                )
            }
            rules.all.append(Rule(path: path, may: may))
            return
        }
        for entry in entries(of: path) { try allow(entry, may, except: hidden, &rules) }
    }

    /// Whether a path is neither one of those that are hidden nor lies in one.
    static func isOutside(_ path: String, _ hidden: [String]) -> Bool {
        let path = real(path)
        return !hidden.contains { isWithin(path, real($0)) }
    }

    /// Whether a path is another one or lies beneath it.
    static func isWithin(_ path: String, _ other: String) -> Bool {
        path == other || path.hasPrefix(other == "/" ? other : other + "/")
    }

    /// The path without symbolic links; of a file that is not there yet, the nearest directory's.
    static func real(_ path: String) -> String {
        if let found = realpath(path, nil) {
            defer { free(found) }
            return String(cString: found)
        }
        guard let slash = path.lastIndex(of: "/"), path != "/" else { return path }
        let parent = slash == path.startIndex ? "/" : real(String(path[..<slash]))
        return (parent == "/" ? "" : parent) + path[slash...]
    }

    /// What lies in a directory, without symbolic links: what they lead to has its own place.
    private static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != "..", Int32(entry.pointee.d_type) != Int32(DT_LNK) else { continue }
            found.append((directory == "/" ? "" : directory) + "/" + name)
        }
        return found.sorted()
    }

    private static func isDisk(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFBLK
    }
}
