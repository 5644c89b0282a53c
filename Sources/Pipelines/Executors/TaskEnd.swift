import Core
import Foundation

/// How the end of a command is said.
enum TaskEnd {
    /// Why the command did not end well; nil if it did.
    ///
    /// - Parameters:
    ///   - result: how it ended.
    ///   - limits: what it was limited to.
    ///   - lastLine: what it said last, with a colon before it.
    /// - Returns: a sentence.
    static func message(_ result: TaskProcess.Result, limits: ResourceLimits, lastLine: String) -> String? {
        message(result.ending, result, limits, lastLine)
    }

    private static func message(
        _ ending: TaskProcess.Ending,
        _ result: TaskProcess.Result,
        _ limits: ResourceLimits,
        _ lastLine: String
    ) -> String? {
        switch ending {
        case .breached(let breach): return breach.message
        case .exited(0): return nil
        // A shell says so of the command in it that a signal ended.
        case .exited(128 + SIGXCPU): return message(.signalled(SIGXCPU), result, limits, lastLine)
        case .exited(128 + SIGXFSZ): return message(.signalled(SIGXFSZ), result, limits, lastLine)
        case .exited(let code):
            return outOfMemory(result, limits) ?? "The command ended with status \(code)\(lastLine)"
        case .signalled(SIGXCPU):
            let seconds = limits.processorTime.map { " of \($0.components.seconds) s" } ?? ""
            return "The command was ended: it used more than its 'cpu_time'\(seconds)."
        case .signalled(SIGXFSZ):
            let most = TaskWatch.Breach.size(limits.diskBytes ?? 0)
            return "The command was ended: it wrote a file larger than its 'disk' of \(most)."
        case .signalled(let signal):
            return outOfMemory(result, limits) ?? "The command was ended by signal \(signal)\(lastLine)"
        }
    }

    private static func outOfMemory(_ result: TaskProcess.Result, _ limits: ResourceLimits) -> String? {
        guard result.ranOutOfMemory, let most = limits.memoryBytes else { return nil }
        return "The command was ended: it needed more than its 'memory' of \(TaskWatch.Breach.size(most))."
    }
}
