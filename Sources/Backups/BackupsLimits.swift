import Core

/// The named maxima of backups.
package enum BackupsLimits {
    /// Bytes of one object; longer files are several.
    package static let chunkBytes = 4 * 1024 * 1024
    /// Files that are copied at once.
    package static let filesAtOnce = 4
    /// Bytes of a manifest, and of one line of the list of files.
    package static let manifestBytes = CoreLimits.jsonBytes
    /// Files that went during a backup and are named in its manifest; the others are counted.
    package static let namedFiles = 100
    /// Backups that a place is asked about at once; the newest.
    package static let listedBackups = 1_000
    /// Characters of the name of a source.
    package static let nameCharacters = 63
    /// Bytes of a request for a backup.
    package static let requestBytes = 16 * 1024
    /// Jobs that the server remembers after they ended.
    package static let rememberedJobs = 100
}

/// The maxima of shipped logs.
extension BackupsLimits {
    /// Pause between two looks at a log; with the time of sending it is what a crash can cost.
    package static let shipPause: Duration = .milliseconds(500)
    /// Longest pause after a failure.
    package static let longestPause: Duration = .seconds(30)
    /// Bytes of frames in one segment.
    package static let segmentBytes = 4 * 1024 * 1024
    /// Segments in one folder.
    package static let segmentsPerFolder: Int64 = 1_000
    /// Bytes of a log from which it is moved into the database.
    package static let movedBytes: Int64 = 16 * 1024 * 1024
    /// Bytes of a log that may be held in memory while it is moved.
    package static let heldBytes = 16 * 1024 * 1024
    /// Bytes of a log that cannot be shipped from which it is given up, so that the disk does not fill.
    package static let givenUpBytes: Int64 = 1024 * 1024 * 1024
    /// Age from which a generation is followed by a new one.
    package static let generationAge: Duration = .seconds(24 * 3600)
    /// Age from which a generation is removed, counted from the beginning of the next one.
    package static let keptAge: Duration = .seconds(7 * 24 * 3600)
}
