import CModelLibraries
import Core
import Synchronization

/// A finished XGBoost model that the C library runs: for what `TreeEnsemble` does not take.
package final class XGBoostRuntime: ExplainableRuntime, @unchecked Sendable {
    // Safe because the booster is not changed after `init` and XGBoost's in-place prediction may run on many threads;
    // each call takes a proxy matrix of its own.
    package let name = "xgboost"
    package let placement = RuntimePlacement.library
    package let memoryBytes: Int
    package let featureCount: Int
    package let outputWidth: Int
    package let marginWidth: Int

    private let booster: XGBoostBooster
    private let config: String
    private let iterations: Int
    /// Whether the model is linear; the library predicts with such a one from a matrix of its own only.
    private let isLinear: Bool
    /// Held for explanations, which use the booster's caches.
    private let explaining = Mutex<Void>(())
    private let proxies = PredictorPool<Proxy>()

    /// Loads a model from its file's contents, JSON or UBJSON.
    ///
    /// - Parameters:
    ///   - bytes: the model file.
    ///   - threads: threads for one prediction; more than 1 pays only for thousands of rows.
    ///   - stopsAtBestIteration: whether an early-stopped model uses only the rounds up to its best one, as XGBoost's
    ///     scikit-learn classes do.
    /// - Throws: `dataLoss` for a damaged model, `failedPrecondition` without the library.
    package init(_ bytes: [UInt8], threads: Int = 1, stopsAtBestIteration: Bool = false) throws {
        let best = stopsAtBestIteration ? try XGBoostModelReader.check(bytes) : nil
        booster = try XGBoostBooster(model: bytes, threads: threads)
        memoryBytes = bytes.count * RuntimesLimits.memoryPerModelByte
        iterations = best ?? 0
        let learner = try ModelDocument(bytes).members?["learner"]?.members
        isLinear = learner?["gradient_booster"]?.members?["name"]?.text == "gblinear"
        config =
            #"{"type":0,"training":false,"iteration_begin":0,"iteration_end":\#(max(0, iterations)),"#
            + #""strict_shape":true,"missing":NaN,"cache_id":0}"#
        var count: UInt64 = 0
        let table = booster.library.table
        try booster.library.check(table.pointee.XGBoosterGetNumFeature(booster.handle, &count), "count the features")
        guard let features = Int(exactly: count), features > 0, features <= RuntimesLimits.features else {
            throw MartletError(.dataLoss, "The XGBoost model is damaged: it has \(count) features.")
        }
        featureCount = features
        // One row of missing values shows how wide the output is.
        let row = [Float](repeating: .nan, count: features)
        let probe = try XGBoostMatrix(row, rowCount: 1, featureCount: features)
        outputWidth = try booster.predict(probe).count
        marginWidth = try booster.predict(probe, .margin).count
    }

    package func contributions(_ rows: [Float], count: Int) throws -> [Float] {
        let (outputs, overflow) = count.multipliedReportingOverflow(by: outputWidth)
        try checkSizes(input: rows.count, count: count, output: overflow ? -1 : outputs)
        guard count > 0 else { return [] }
        let matrix = try XGBoostMatrix(rows, rowCount: count, featureCount: featureCount)
        return try explaining.withLock { _ in
            try booster.predict(matrix, .contributions, iterations: iterations)
        }
    }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        guard !isLinear else {
            let matrix = try XGBoostMatrix(Array(rows), rowCount: count, featureCount: featureCount)
            // The library keeps predictions of matrices with the booster.
            let values = try explaining.withLock { _ in try booster.predict(matrix, iterations: iterations) }
            guard values.count == output.count else {
                throw MartletError(.internal, "XGBoost returned \(values.count) numbers instead of \(output.count).")
            }
            _ = output.update(fromContentsOf: values)
            return
        }
        let proxy = try proxies.take { try Proxy(booster.library) }
        defer { proxies.give(back: proxy) }
        let array = XGBoostArray.json(UInt(bitPattern: rows.baseAddress), rows: count, columns: featureCount)
        var shape: UnsafePointer<UInt64>?
        var dimensions: UInt64 = 0
        var values: UnsafePointer<Float>?
        let status = booster.library.table.pointee.XGBoosterPredictFromDense(
            booster.handle,
            array,
            config,
            proxy.handle,
            &shape,
            &dimensions,
            &values
        )
        try booster.library.check(status, "predict")
        let result = try XGBoostResult.values(shape, dimensions, values)
        guard result.count == output.count else {
            throw MartletError(.internal, "XGBoost returned \(result.count) numbers instead of \(output.count).")
        }
        _ = output.update(fromContentsOf: result)
    }

    /// A matrix that only points at the caller's rows; making one costs more than the prediction.
    private final class Proxy: @unchecked Sendable {
        // Safe because a proxy is used by one call at a time: it is taken out of the pool for it.
        let handle: UnsafeMutableRawPointer
        private let library: XGBoostLibrary

        init(_ library: XGBoostLibrary) throws {
            self.library = library
            var created: UnsafeMutableRawPointer?
            try library.check(library.table.pointee.XGProxyDMatrixCreate(&created), "make a proxy")
            guard let created else { throw MartletError(.internal, "XGBoost returned no proxy.") }
            handle = created
        }

        deinit {
            _ = library.table.pointee.XGDMatrixFree(handle)
        }
    }
}
