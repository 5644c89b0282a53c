/// The named maxima of Python workers.
package enum WorkerLimits {
    /// Processes of one model.
    package static let processes = 64
    /// Calls of one model that wait for a process.
    package static let waitingCalls = 1024
    /// Largest header of a frame, in bytes.
    package static let headerBytes = 4 * 1024 * 1024
    /// Largest body of a frame, in bytes.
    package static let bodyBytes = 512 * 1024 * 1024
    /// Most tensors of a call or an answer.
    package static let tensors = 100_000
    /// Longest message of a model's exception that a client gets, in characters.
    package static let messageCharacters = 500

    /// Longest line of a worker's output in the log, in bytes.
    package static let lineBytes = 2000
    /// Most lines of a worker's output that reach the log within `lineWindow`.
    package static let lines = 200
    /// The time over which `lines` are counted, in nanoseconds.
    package static let lineWindow: UInt64 = 10_000_000_000
    /// Last lines of output that explain why a worker did not start.
    package static let tailLines = 20

    /// Crashes within `crashWindow` after which no worker of the model is started for a while.
    package static let crashes = 5
    /// The time over which crashes are counted, in nanoseconds.
    package static let crashWindow: UInt64 = 60_000_000_000
    /// How long the first pause after too many crashes lasts, in nanoseconds; each further one doubles.
    package static let firstPause: UInt64 = 30_000_000_000
    /// How long such a pause lasts at most, in nanoseconds.
    package static let longestPause: UInt64 = 300_000_000_000
    /// The wait before the second start in a row, in nanoseconds; each further one doubles.
    package static let firstBackoff: UInt64 = 500_000_000
    /// The longest wait before a start, in nanoseconds.
    package static let longestBackoff: UInt64 = 30_000_000_000
    /// How long a worker must have been ready for its next crash to count as the first in a row, in nanoseconds.
    package static let settled: UInt64 = 10_000_000_000

    /// How long a worker may go on with a call that nobody waits for any more, in nanoseconds.
    package static let grace: UInt64 = 2_000_000_000
    /// The same for a worker that has not answered yet: models often load what they need with the first call.
    package static let firstCallGrace: UInt64 = 10_000_000_000
    /// How many times as long as its slowest call a worker may take before it is given up.
    package static let patience: UInt64 = 3
    /// How long a worker may take to end after its connection was closed, in nanoseconds.
    package static let endGrace: UInt64 = 3_000_000_000

    /// Lines of a model's requirements.
    package static let requirementLines = 10_000
    /// Environments that a list shows.
    package static let environments = 10_000
}
