/// The named maxima of loading and running models.
package enum RuntimesLimits {
    /// Largest model file, in bytes.
    package static let modelBytes = 1024 * 1024 * 1024
    /// Largest `MLmodel` or `martlet.json`, in bytes.
    package static let descriptionBytes = 1024 * 1024
    /// Largest reference sample, in bytes.
    package static let referenceBytes = 64 * 1024 * 1024
    /// Fewest rows of an input example that is taken for a reference sample.
    package static let exampleReferenceRows = 30
    /// Deepest nesting of a JSON or UBJSON model.
    package static let documentDepth = 64
    /// Most trees of an ensemble.
    package static let trees = 100_000
    /// Most words, of 32 categories each, in the sets of an ensemble's splits.
    package static let categoryWords = 1 << 20
    /// Deepest tree whose SHAP values are computed exactly.
    package static let explanationDepth = 512
    /// Most features whose pairs are explained; the results grow with their square.
    package static let interactionFeatures = 256
    /// Most numbers of one answer with interactions.
    package static let interactionNumbers = 1 << 25
    /// Most rows of the background set of sampled SHAP values.
    package static let kernelBackground = 1000
    /// Most features that are explained by sampling; the work grows with their cube.
    package static let kernelFeatures = 512
    /// Most sets of features that are tried for one row.
    package static let kernelSets = 100_000
    /// Rows that are given to the model at once while it is explained.
    package static let kernelBatchRows = 8192
    /// Most features of a row.
    package static let features = 1_000_000
    /// Most outputs of a row (classes).
    package static let outputs = 100_000
    /// Most files that a model directory may list with checksums.
    package static let checksummedFiles = 10_000
    /// Bytes of memory that a library is reckoned to need for each byte of a model file.
    package static let memoryPerModelByte = 2
    /// Idle proxies or single-row predictors that a runtime keeps for reuse.
    package static let idlePredictors = 64
    /// Most inputs, and most outputs, of an ONNX model.
    package static let ports = 4096
}
