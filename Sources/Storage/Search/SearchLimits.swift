/// Maxima of the search grammar and of paging.
package enum SearchLimits {
    /// Bytes of a filter.
    package static let filterBytes = 16 * 1024
    /// Comparisons in one filter.
    package static let comparisons = 50
    /// Texts in one IN list.
    package static let listValues = 1000
    /// Entries of one `order_by`; with `sortTextCharacters` it keeps page tokens short.
    package static let orderEntries = 8
    /// Characters of a text that take part in sorting.
    package static let sortTextCharacters = 64
}
