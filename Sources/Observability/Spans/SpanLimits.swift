/// The named maxima of spans on their way to a receiver.
package enum SpanLimits {
    /// Most spans that wait to be sent; further ones are dropped and counted.
    package static let queueSpans = 8192
    /// Most spans in one request to the receiver.
    package static let batchSpans = 512
    /// How long spans are gathered before they are sent.
    package static let gather: Duration = .seconds(1)
    /// How long the receiver may take to answer.
    package static let requestSeconds = 5
    /// How often a batch is sent at most when the receiver is away.
    package static let attempts = 2
}
