/// Names of what a monitor sees beside a model's inputs.
package enum OutputColumn {
    /// What the model said: the class by name, or the value.
    package static let prediction = "prediction"
    /// The probability of class 1, of the predicted class, or the value.
    package static let score = "score"
    /// How wrong the prediction was, when its label came: 0 or 1 for a class, the distance for a value.
    package static let error = "error"

    /// The columns that a table of served rows has.
    package static let inRows = [prediction, score]
}
