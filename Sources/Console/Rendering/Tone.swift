/// What a state means to a person; the name of the class that colours it.
package enum Tone: String, Sendable, Hashable {
    /// As it should be, or done.
    case good
    /// Look at it.
    case warn
    /// Failed.
    case bad
    /// Worth knowing.
    case info
    /// Happening now.
    case live
    /// Not begun, stopped, or without meaning.
    case idle
}
