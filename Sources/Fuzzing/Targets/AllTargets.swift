extension FuzzTarget {
    /// Every target, in the order in which they are listed and run.
    static let all: [FuzzTarget] = [
        .predict, .v1, .invocations, .v2, .v2Binary, .v2Tensors, .v2TensorBinary, .inferMessage, .grpcFrames, .filter,
        .searchRuns, .searchTraces, .searchModels, .yaml, .manifest, .pageToken, .otlp, .otlpJSON, .json, .csv,
        .signature, .laneHead, .hostName, .artifactPath, .compression, .traceParent, .xgboostJSON, .xgboostUBJSON,
        .lightGBM, .onnx, .authorization, .webToken, .browser, .forwarded,
    ]
}
