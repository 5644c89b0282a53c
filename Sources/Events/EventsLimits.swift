/// The named maxima of the stream of events.
package enum EventsLimits {
    /// Events on one page.
    package static let pageSize = 200
}
