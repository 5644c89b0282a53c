/// The named maxima of transforms.
package enum TransformsLimits {
    /// Columns that one transform reads or writes.
    package static let columns = 10_000
    /// Most steps of a transform.
    package static let steps = 200
    /// Most categories of an encoded column.
    package static let categories = 1000
    /// Longest expression, in bytes.
    package static let expressionBytes = 4096
    /// Deepest nesting of an expression: parentheses, functions, signs.
    package static let expressionDepth = 32
    /// Most arguments of a function in an expression.
    package static let arguments = 64
    /// Longest text that an expression makes, in bytes; longer is missing.
    package static let textBytes = 65_536
    /// Longest column name, in bytes.
    package static let nameBytes = 1024
    /// Parts into which training rows are divided for encoding by the target.
    package static let folds = 5
}
