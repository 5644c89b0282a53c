/// The named maxima of the HTTP surface.
package enum HTTPLimits {
    /// Largest body read into memory, in bytes.
    package static let bodyBytes = 16 * 1024 * 1024
    /// Most elements of a page of results.
    package static let pageSize = 1000
    /// Elements of a page when the caller does not say.
    package static let defaultPageSize = 100
}
