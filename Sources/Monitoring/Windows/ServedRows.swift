package import Core

/// Rows that a version answered in one request, as monitors see them.
package struct ServedRows: Sendable {
    /// What the model was given.
    package enum Inputs: Sendable {
        /// Numbers, row after row, in the order of `names`; NaN is missing.
        case numbers([Float])
        /// Columns by name.
        case columns([ServedColumn])
    }

    /// What the model said.
    package enum Predictions: Sendable {
        /// Nothing that can be told apart by rows.
        case none
        /// The index of a class for each row, and the classes' names; a class without a name is its index in digits.
        case classes([Int], names: [String])
        /// A number for each row.
        case numbers([Float])
        /// A text for each row.
        case texts([String])
    }

    /// The deployment that answered.
    package let deployment: String
    /// The version that answered.
    package let version: Int
    /// The names of the model's inputs in order; empty when unknown.
    package let names: [String]
    /// What the model was given.
    package let inputs: Inputs
    /// Number of rows.
    package let count: Int
    /// What it said.
    package let predictions: Predictions
    /// The probability of class 1, of the predicted class, or the value, for each row; empty when there is none.
    package let scores: [Float]
    /// When it answered.
    package let at: Timestamp

    /// Rows from their parts.
    ///
    /// - Parameters:
    ///   - deployment: The deployment that answered.
    ///   - version: The version that answered.
    ///   - names: The names of the model's inputs in order.
    ///   - inputs: What the model was given.
    ///   - count: Number of rows.
    ///   - predictions: What it said.
    ///   - scores: A number for each row, or none.
    ///   - at: When it answered.
    package init(
        deployment: String,
        version: Int,
        names: [String],
        inputs: Inputs,
        count: Int,
        predictions: Predictions = .none,
        scores: [Float] = [],
        at: Timestamp
    ) {
        self.deployment = deployment
        self.version = version
        self.names = names
        self.inputs = inputs
        self.count = count
        self.predictions = predictions
        self.scores = scores
        self.at = at
    }

    /// Values in a row; nil when the numbers do not fill whole rows.
    var width: Int? {
        switch inputs {
        case .columns(let columns): return columns.isEmpty ? nil : columns.count
        case .numbers(let values):
            guard count > 0, !values.isEmpty, values.count.isMultiple(of: count) else { return nil }
            return values.count / count
        }
    }
}

/// One input of several rows.
package struct ServedColumn: Sendable {
    /// The values, one for each row.
    package enum Values: Sendable {
        /// Numbers; NaN is missing.
        case numbers([Float])
        /// Texts; nil is missing.
        case texts([String?])

        /// How many there are.
        package var count: Int {
            switch self {
            case .numbers(let values): values.count
            case .texts(let values): values.count
            }
        }
    }

    /// The input's name.
    package let name: String
    /// The values.
    package let values: Values

    /// A column from its parts.
    ///
    /// - Parameters:
    ///   - name: The input's name.
    ///   - values: One value for each row.
    package init(name: String, values: Values) {
        self.name = name
        self.values = values
    }
}
