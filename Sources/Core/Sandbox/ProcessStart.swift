import CHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why a process could not be started.
package struct ProcessStartFailure: Error, CustomStringConvertible {
    /// What was being done.
    package let step: String
    /// The system's number for what went wrong.
    package let number: Int32

    package var description: String { "\(step): \(String(cString: strerror(number)))" }
}

/// A program, its words and environment, and the sandbox it runs in: the one way in which Martlet starts processes that run
/// other people's code.
package struct ProcessStart: Sendable {
    /// The program's absolute path.
    package let program: String
    /// The words, the first of which is the name.
    package let words: [String]
    /// The whole environment, as `NAME=value`.
    package let environment: [String]
    /// The working directory.
    package let directory: String
    /// What it gives up.
    package let sandbox: Sandbox

    /// Describes a start; nothing happens before `begin`.
    package init(program: String, words: [String], environment: [String], directory: String, sandbox: Sandbox) {
        self.program = program
        self.words = words
        self.environment = environment
        self.directory = directory
        self.sandbox = sandbox
    }

    /// Starts the process; its id is also that of its session and group.
    ///
    /// - Parameters:
    ///   - output: becomes its standard output.
    ///   - error: becomes its standard error; nil for the same as `output`.
    ///   - channel: becomes its descriptor 3.
    /// - Returns: its id.
    /// - Throws: which step failed; nothing runs then.
    package func begin(
        output: Int32,
        error: Int32? = nil,
        channel: Int32? = nil
    ) throws(ProcessStartFailure) -> Int32 {
        var confined = martlet_sandbox(sandbox)
        defer { confined.closeDescriptors() }
        try confined.openDescriptors(sandbox)
        var step: Int32 = 0
        let process = Self.withStrings(words) { words in
            Self.withStrings(environment) { environment in
                program.withCString { program in
                    directory.withCString { directory in
                        withUnsafePointer(to: confined) { confined in
                            var start = martlet_process_start(
                                program: program,
                                arguments: words,
                                environment: environment,
                                directory: directory,
                                channel: channel ?? -1,
                                output: output,
                                error: error ?? -1,
                                sandbox: confined
                            )
                            return martlet_start_process(&start, &step)
                        }
                    }
                }
            }
        }
        guard process > 0 else { throw ProcessStartFailure(step: Self.name(of: step), number: -process) }
        return process
    }

    /// Whether the failure lies with the program itself: not found, or not one.
    static let programStep = "starting the program"

    static func name(of step: Int32) -> String {
        let names = [
            "", "making a process", "making a session", "setting limits", "joining a control group",
            "making a network", "passing on descriptors", "entering the directory", "becoming another user",
            "giving up privileges", "restricting files", "restricting system calls", programStep,
        ]
        return names.indices.contains(Int(step)) ? names[Int(step)] : "starting"
    }

    private static func withStrings<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return (copies + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

extension ProcessStartFailure {
    /// Whether the program is missing or is none.
    package var concernsProgram: Bool { step == ProcessStart.programStep }
}

extension martlet_sandbox {
    /// The values of a sandbox, its descriptors not yet open.
    init(_ sandbox: Sandbox) {
        let limits = sandbox.limits
        let isGrouped = sandbox.controlGroup?.limits ?? []
        self.init(
            address_space: isGrouped.contains(.memory) ? 0 : UInt64(max(limits.memoryBytes ?? 0, 0)),
            cpu_seconds: UInt64(max(limits.processorTime?.components.seconds ?? 0, 0)),
            open_files: UInt64(max(limits.openFiles ?? 0, 0)),
            processes: 0,
            file_bytes: UInt64(max(limits.diskBytes ?? 0, 0)),
            user: sandbox.user.map { Int64($0.id) } ?? -1,
            group: sandbox.user.map { Int64($0.group) } ?? -1,
            file_rules: -1,
            control_group: -1,
            own_network: sandbox.hasOwnNetwork ? 1 : 0,
            refuses_calls: sandbox.refusesCalls ? 1 : 0,
            refuses_sockets: sandbox.refusesSockets ? 1 : 0,
            drops_capabilities: sandbox.dropsCapabilities ? 1 : 0,
            ends_with_parent: sandbox.endsWithParent ? 1 : 0
        )
        if let most = limits.processes, !isGrouped.contains(.processes) {
            // The kernel counts all that a user runs, so what is there already comes on top.
            let user = sandbox.user?.id ?? geteuid()
            processes = UInt64(max(most, 0) + ProcessCount.threads(of: user))
        }
    }

    mutating func openDescriptors(_ sandbox: Sandbox) throws(ProcessStartFailure) {
        if let files = sandbox.files {
            do {
                file_rules = try files.makeRules(refusesNetwork: sandbox.refusesSockets)
            } catch {
                throw ProcessStartFailure(step: "restricting files (\(error.message))", number: EPERM)
            }
        }
        if let group = sandbox.controlGroup {
            control_group = open(group.directory + "/cgroup.procs", O_WRONLY | O_CLOEXEC)
            guard control_group >= 0 else {
                throw ProcessStartFailure(step: "joining a control group", number: errno)
            }
        }
    }

    mutating func closeDescriptors() {
        if file_rules >= 0 { close(file_rules) }
        if control_group >= 0 { close(control_group) }
        file_rules = -1
        control_group = -1
    }
}
