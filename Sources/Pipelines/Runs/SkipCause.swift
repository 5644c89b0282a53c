/// Why a task was skipped, which decides what becomes of those that need it.
package enum SkipCause: String, Sendable {
    /// Its condition did not hold, or all that it needs was skipped for such a reason: those that need it may run.
    case condition
    /// Something that it needs failed: those that need it are skipped, too.
    case upstream
    /// It is not part of a run that does one task again.
    case scope
}
