import Core

/// The named maxima of moving in from another server.
package enum ImportsLimits {
    /// Points that one transaction writes.
    package static let pointsPerWrite = 5000
    /// Runs that are imported at the same time; their transactions are committed together.
    package static let runsAtOnce = 8
    /// Runs, models or versions of one page of a source.
    package static let pageItems = 200
    /// Points of one page of a source.
    package static let pagePoints = 25_000
    /// Attempts at a request that a server answers with 429 or 5xx, or not at all.
    package static let attempts = 5
    /// Pause before the second attempt; it doubles with every further one.
    package static let retryPause: Duration = .milliseconds(200)
    /// Longest wait for the head of an answer.
    package static let requestSeconds = 120
    /// Largest answer of a server that is read into memory, in bytes: histories come in one piece from old servers.
    package static let answerBytes = 512 * 1024 * 1024
    /// Largest `meta.yaml`, in bytes.
    package static let metaBytes = 16 * 1024 * 1024
    /// Nodes of a `meta.yaml`.
    package static let metaNodes = 10_000
    /// Largest file that holds a param or tag, in bytes.
    package static let valueBytes = 16 * 1024 * 1024
    /// Bytes of a file that are read at a time.
    package static let readBytes = 256 * 1024
    /// Longest line of a metric's file, in bytes.
    package static let lineBytes = 4096
    /// Depth of folders below a run's artifacts, metrics, params or tags.
    package static let folderDepth = 32
    /// Files of one run or logged model.
    package static let files = 20_000
    /// Problems that are kept with their text; further ones are counted.
    package static let problems = 1000
    /// Largest model that is downloaded from a server, in bytes.
    package static let modelBytes: Int64 = 16 * 1024 * 1024 * 1024
}
