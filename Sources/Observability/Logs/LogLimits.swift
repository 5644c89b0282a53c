/// The named maxima of a log record.
package enum LogLimits {
    /// Longest message or metadata text, in characters; the rest is cut and marked.
    package static let maximumTextCharacters = 4096
    /// Metadata keys of one record; further ones are dropped.
    package static let maximumMetadata = 64
    /// Deepest nesting of metadata; deeper values become their text.
    package static let maximumDepth = 4
}
