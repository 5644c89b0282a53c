/// Maxima of the artifact store; every one is tested at the limit and one past it.
package enum ArtifactsLimits {
    /// Components that a path may have.
    package static let components = 32
    /// Bytes of UTF-8 in one component (the limit of the file systems that we store on).
    package static let componentBytes = 255
    /// Entries that one listing or one walk returns.
    package static let entries = 20_000
    /// Bytes of an upload by a web page, which is held in memory; other uploads are streamed and have no limit here.
    package static let pageUploadBytes = 10 * 1024 * 1024
    /// Bytes read from disk at a time.
    package static let readChunkBytes = 256 * 1024
    /// Bytes gathered from an upload before they are written.
    package static let writeBufferBytes = 1024 * 1024
    /// Threads that may block on the disk at once.
    package static let diskThreads = 4
    /// Bytes that the cache of a remote store's files may hold.
    package static let cacheBytes: Int64 = 20 * 1024 * 1024 * 1024
    /// Days after which an unused entry of the cache goes.
    package static let cacheDays: Int64 = 7
    /// Seconds for which an entry stays after it was asked for, whatever room is needed.
    package static let cacheGraceSeconds: Int64 = 600
    /// Bytes of the file that lists what an entry of the cache holds.
    package static let cacheManifestBytes = 64 * 1024 * 1024
    /// Seconds after which the bytes of a store with a quota are measured anew.
    package static let usageSeconds: Int64 = 600
}
