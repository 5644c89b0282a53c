/// The named maxima of the HTTP surface.
package enum HTTPLimits {
    /// Largest body read into memory, in bytes.
    package static let bodyBytes = 16 * 1024 * 1024
    /// Most elements of a page of results.
    package static let pageSize = 1000
    /// Most compressions on top of each other in one body.
    package static let contentCodings = 2
    /// Smallest answer that is compressed when the client accepts it, in bytes; below, packing costs more than it saves.
    package static let compressedBytes = 4096
    /// Elements of a page when the caller does not say.
    package static let defaultPageSize = 100
}
