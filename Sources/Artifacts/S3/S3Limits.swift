/// Maxima and times of the S3 store; every one is tested at the limit and past it where it can be reached.
package enum S3Limits {
    /// Bytes of an object sent in one request, and of every part but the last of a longer one.
    package static let partBytes = 8 * 1024 * 1024
    /// Parts that one object may have (S3's own limit); with `partBytes` an object has at most 78 GiB.
    package static let parts = 10_000
    /// Parts of one upload that are on their way at once.
    package static let partsInFlight = 3
    /// Parts of all uploads that are on their way at once.
    package static let allPartsInFlight = 6
    /// Bytes up to which a whole file in one request does not count as a part on its way.
    package static let uncountedBytes = 1024 * 1024
    /// Attempts that one request gets.
    package static let attempts = 7
    /// Shortest pause before a second attempt, in milliseconds; it doubles with every further one.
    package static let firstPauseMilliseconds: Int64 = 100
    /// Longest pause between two attempts, in milliseconds.
    package static let longestPauseMilliseconds: Int64 = 8_000
    /// Longest `Retry-After` that is waited for, in seconds; a longer one is cut to it.
    package static let retryAfterSeconds: Int64 = 20
    /// Seconds until a connection must stand.
    package static let connectSeconds: Int64 = 10
    /// Seconds without a byte after which a connection counts as dead.
    package static let idleSeconds: Int64 = 20
    /// Seconds for a request without a large body, until the head of its answer.
    package static let requestSeconds: Int64 = 30
    /// Seconds for a part on its way, until the head of its answer.
    package static let partSeconds: Int64 = 300
    /// Bytes of an XML answer.
    package static let answerBytes = 16 * 1024 * 1024
    /// Bytes of an error's answer that are read.
    package static let errorBytes = 64 * 1024
    /// Elements of an XML answer that lie within each other.
    package static let answerDepth = 16
    /// Keys of one request to delete, and of one page of a listing (S3's own limits).
    package static let keysPerRequest = 1_000
    /// Connections kept to the store.
    package static let connections = 32
    /// Bytes of a key in UTF-8 (S3's own limit).
    package static let keyBytes = 1_024
    /// Seconds before their end at which temporary credentials are fetched anew.
    package static let credentialsMarginSeconds: Int64 = 300
    /// Seconds that a credentials service has to answer.
    package static let credentialsSeconds: Int64 = 5
    /// Bytes of a credentials file or of an answer of a credentials service.
    package static let credentialsBytes = 256 * 1024
    /// Seconds that a presigned address of a part is good for.
    package static let presignedSeconds = 3_600
    /// Seconds that a presigned address of a download is good for.
    package static let presignedDownloadSeconds = 900
    /// Directories that are remembered as holding no file of their name.
    package static let knownDirectories = 4_096
}
