/// The named maxima of transforms.
package enum TransformsLimits {
    /// Columns that one transform reads or writes.
    package static let columns = 10_000
}
