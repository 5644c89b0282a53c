/// One thing that is done to a table, as it is asked for; what it learns from the training rows is a `FittedStep`.
package enum TransformStep: Sendable, Equatable {
    /// Which columns a step is about.
    package enum Choice: Sendable, Equatable {
        /// These.
        case names([String])
        /// All columns of numbers.
        case numbers
        /// All columns of text.
        case texts
    }

    /// One column under another name.
    package struct Renaming: Sendable, Equatable {
        /// The name before.
        package let from: String
        /// The name after.
        package let to: String
    }

    /// One column as another type.
    package struct Cast: Sendable, Equatable {
        /// The column.
        package let column: String
        /// What its values become.
        package let kind: TransformColumn.Kind
    }

    /// What stands in for missing values.
    package enum Imputation: Sendable, Equatable {
        /// The mean of the training rows.
        case mean
        /// Their median.
        case median
        /// Their most frequent value, the smallest of several.
        case mode
        /// This value.
        case constant(TransformValue)
    }

    /// How categories become numbers.
    package enum Encoding: Sendable, Equatable {
        /// A column of zeros and ones for each category; with a limit for the most frequent ones only.
        case oneHot(limit: Int?)
        /// The place of the category, from 0: in this order, or sorted when there is none.
        case ordinal(order: [TransformValue])
        /// The mean of the target for the category, drawn to the mean of all by so many rows.
        case target(smoothing: Double)
    }

    /// What becomes of a category that the training rows do not have.
    package enum Unseen: String, Sendable {
        /// One-hot: all zeros; ordinal: missing; target: the mean of all.
        case ignore
        /// The row is refused.
        case error
    }

    /// What a column is measured by.
    package enum Scaling: String, Sendable, CaseIterable {
        /// Mean and standard deviation.
        case standard
        /// Smallest and largest value.
        case minMax = "min_max"
        /// Median and distance of the quartiles.
        case robust
    }

    /// These columns remain, in this order.
    case select([String])
    /// These go.
    case drop([String])
    /// These get other names.
    case rename([Renaming])
    /// These become another type; what cannot is missing.
    case cast([Cast])
    /// Missing values are filled.
    case impute(Choice, Imputation)
    /// Categories become numbers.
    case encode(Choice, Encoding, Unseen)
    /// Numbers are moved and divided.
    case scale(Choice, Scaling)
    /// A column is computed from others.
    case derive(name: String, Expression)
}
