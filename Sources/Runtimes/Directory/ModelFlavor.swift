/// What runs a model file.
package enum ModelFlavor: String, Sendable, CaseIterable {
    case xgboost
    case lightgbm
    case onnx
    /// Whatever MLflow loads in Python.
    case python = "python_function"

    /// The flavors that run in this process.
    package static let native: [ModelFlavor] = [.onnx, .xgboost, .lightgbm]
}

/// Which runtime to take for a model.
package enum RuntimePreference: Sendable {
    /// The own tree walker where it takes the model, else the C library.
    case automatic
    /// The C library.
    case library
}
