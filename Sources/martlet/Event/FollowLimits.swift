/// The named maxima of following events.
package enum FollowLimits {
    /// Bytes of one frame.
    package static let frameBytes = 1024 * 1024
    /// Longest pause before the server is asked again, in milliseconds.
    package static let pauseMilliseconds = 5000
    /// How long a stream may be silent before it is taken for broken, in seconds; servers show life more often.
    package static let silenceSeconds: Int64 = 45
}
