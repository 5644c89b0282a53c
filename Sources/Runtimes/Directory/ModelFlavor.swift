/// Which library made a model file.
package enum ModelFlavor: String, Sendable, CaseIterable {
    case xgboost
    case lightgbm
    case onnx
}

/// Which runtime to take for a model.
package enum RuntimePreference: Sendable {
    /// The own tree walker where it takes the model, else the C library.
    case automatic
    /// The C library.
    case library
}
