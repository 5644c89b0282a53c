import CModelLibraries
import Core

/// A LightGBM model, run by its C library; rows take the library's single-row path.
package final class LightGBMRuntime: ExplainableRuntime, @unchecked Sendable {
    // Safe because the booster is not changed after `init`, and a predictor is used by one call at a time.
    package let name = "lightgbm"
    package let placement = RuntimePlacement.library
    package let memoryBytes: Int
    package let featureCount: Int
    package let outputWidth: Int

    private let library: LightGBMLibrary
    private let booster: Booster
    private let predictors = PredictorPool<SingleRow>()
    private static let float32: Int32 = 0
    private static let normalPrediction: Int32 = 0
    private static let contributionPrediction: Int32 = 3
    private static let parameters = "num_threads=1"

    /// Loads a model from LightGBM's text form.
    ///
    /// - Throws: `dataLoss` for a damaged model, `failedPrecondition` without the library.
    package init(_ bytes: [UInt8]) throws {
        // The library's parser trusts its input, so what is damaged is refused here.
        try LightGBMModelReader.check(bytes)
        guard !bytes.contains(0) else {
            throw MartletError(.dataLoss, "The LightGBM model is damaged: it holds a zero byte.")
        }
        memoryBytes = bytes.count * RuntimesLimits.memoryPerModelByte
        library = try LightGBMLibrary.shared()
        booster = try Booster(bytes, library)
        var (features, classes): (Int32, Int32) = (0, 0)
        let table = library.table
        try library.check(
            table.pointee.LGBM_BoosterGetNumFeature(booster.handle, &features),
            .dataLoss,
            "count features"
        )
        try library.check(table.pointee.LGBM_BoosterGetNumClasses(booster.handle, &classes), .dataLoss, "count classes")
        guard features > 0, features <= RuntimesLimits.features, classes > 0, classes <= RuntimesLimits.outputs else {
            throw MartletError(.dataLoss, "The LightGBM model is damaged: \(features) features, \(classes) classes.")
        }
        featureCount = Int(features)
        outputWidth = Int(classes)
    }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        guard let input = rows.baseAddress else { return }
        let predictor = try predictors.take { try SingleRow(booster, featureCount, library) }
        defer { predictors.give(back: predictor) }
        // Row by row is also the faster way to many rows: the library's matrix call costs four times as much for each.
        try withUnsafeTemporaryAllocation(of: Double.self, capacity: outputWidth) { values in
            guard let result = values.baseAddress else { return }
            for row in 0..<count {
                var written: Int64 = 0
                let status = library.table.pointee.LGBM_BoosterPredictForMatSingleRowFast(
                    predictor.handle,
                    input + row * featureCount,
                    &written,
                    result
                )
                try library.check(status, .internal, "predict")
                guard written == outputWidth else {
                    throw MartletError(.internal, "LightGBM returned \(written) numbers instead of \(outputWidth).")
                }
                for position in 0..<outputWidth { output[row * outputWidth + position] = Float(result[position]) }
            }
        }
    }

    package var marginWidth: Int { outputWidth }

    package func contributions(_ rows: [Float], count: Int) throws -> [Float] {
        let (outputs, overflow) = count.multipliedReportingOverflow(by: outputWidth)
        try checkSizes(input: rows.count, count: count, output: overflow ? -1 : outputs)
        guard count > 0, let rowCount = Int32(exactly: count) else { return [] }
        let size = count * outputWidth * (featureCount + 1)
        var values = [Double](repeating: 0, count: size)
        var written: Int64 = 0
        try values.withUnsafeMutableBufferPointer { values in
            guard let result = values.baseAddress else { return }
            try rows.withUnsafeBytes { rows in
                guard let input = rows.baseAddress else { return }
                // The library writes as many numbers as it says here, so the room is compared first.
                var expected: Int64 = 0
                let table = library.table
                try library.check(
                    table.pointee.LGBM_BoosterCalcNumPredict(
                        booster.handle,
                        rowCount,
                        Self.contributionPrediction,
                        0,
                        -1,
                        &expected
                    ),
                    .internal,
                    "explain"
                )
                guard expected == size else {
                    throw MartletError(.internal, "LightGBM explains with \(expected) numbers instead of \(size).")
                }
                let status = table.pointee.LGBM_BoosterPredictForMat(
                    booster.handle,
                    input,
                    Self.float32,
                    rowCount,
                    Int32(clamping: featureCount),
                    1,
                    Self.contributionPrediction,
                    0,
                    -1,
                    Self.parameters,
                    &written,
                    result
                )
                try library.check(status, .internal, "explain")
            }
        }
        return values.map { Float($0) }
    }

    /// Owns the library's model.
    private final class Booster {
        let handle: UnsafeMutableRawPointer
        private let library: LightGBMLibrary

        init(_ bytes: [UInt8], _ library: LightGBMLibrary) throws {
            self.library = library
            var created: UnsafeMutableRawPointer?
            var iterations: Int32 = 0
            let text = String(decoding: bytes, as: UTF8.self)
            let status = library.table.pointee.LGBM_BoosterLoadModelFromString(text, &iterations, &created)
            try library.check(status, .dataLoss, "read the model; the file is damaged")
            guard let created else { throw MartletError(.internal, "LightGBM returned no model.") }
            handle = created
        }

        deinit {
            _ = library.table.pointee.LGBM_BoosterFree(handle)
        }
    }

    /// Owns a predictor with buffers of its own for one row at a time.
    private final class SingleRow: @unchecked Sendable {
        // Safe because it is taken out of the pool for the one call that uses it.
        let handle: UnsafeMutableRawPointer
        private let booster: Booster
        private let library: LightGBMLibrary

        init(_ booster: Booster, _ featureCount: Int, _ library: LightGBMLibrary) throws {
            self.booster = booster
            self.library = library
            var created: UnsafeMutableRawPointer?
            let status = library.table.pointee.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster.handle,
                LightGBMRuntime.normalPrediction,
                0,
                -1,
                LightGBMRuntime.float32,
                Int32(featureCount),
                LightGBMRuntime.parameters,
                &created
            )
            try library.check(status, .internal, "prepare a prediction")
            guard let created else { throw MartletError(.internal, "LightGBM returned no predictor.") }
            handle = created
        }

        deinit {
            _ = library.table.pointee.LGBM_FastConfigFree(handle)
        }
    }
}
