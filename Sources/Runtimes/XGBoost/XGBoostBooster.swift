import CModelLibraries
import Core

/// A model in the C library: trained round by round, asked for predictions and contributions, saved.
///
/// Not Sendable: make it, use it and drop it on one thread (inside one `BlockingWork.run`). A finished model that
/// serves requests is an `XGBoostRuntime`.
package final class XGBoostBooster {
    /// The two forms of a model file.
    package enum Format: String, Sendable {
        case json
        case ubj
    }

    /// What to ask of a model (`type` in XGBoost's prediction configuration).
    package enum Output: Int, Sendable {
        /// Probabilities or values: rows × outputs.
        case prediction = 0
        /// Before the link function: rows × outputs.
        case margin = 1
        /// SHAP values: rows × outputs × (features + 1), the base value last.
        case contributions = 2
        /// Saabas' approximation of the SHAP values, same shape.
        case approximateContributions = 3
        /// SHAP interaction values: rows × outputs × (features + 1)².
        case interactions = 4
        /// The leaf that each tree ends in.
        case leaf = 6
    }

    let handle: UnsafeMutableRawPointer
    let library: XGBoostLibrary
    /// Kept because the library refers to the matrices of a booster for as long as it lives.
    let matrices: [XGBoostMatrix]

    /// Starts a model that is to be trained on `training`.
    ///
    /// - Parameters:
    ///   - parameters: XGBoost's names and values, such as `max_depth`; unknown names are the library's to judge.
    ///   - training: the rows with labels.
    ///   - watched: further matrices for `evaluate`.
    /// - Throws: `invalidArgument` when the library refuses a parameter.
    package init(
        parameters: [(name: String, value: String)],
        training: XGBoostMatrix,
        watched: [XGBoostMatrix] = []
    ) throws {
        library = try XGBoostLibrary.shared()
        matrices = [training] + watched
        handle = try Self.create(matrices.map { $0.handle }, library)
        for (name, value) in parameters { try setParameter(name, value) }
    }

    /// Loads a saved model, JSON or UBJSON.
    ///
    /// - Throws: `dataLoss` when the library cannot read it.
    package init(model bytes: [UInt8], threads: Int = 1) throws {
        try XGBoostModelReader.check(bytes)
        library = try XGBoostLibrary.shared()
        try library.useOneThread()
        matrices = []
        handle = try Self.create([], library)
        do {
            let status = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map {
                    library.table.pointee.XGBoosterLoadModelFromBuffer(handle, $0, UInt64(buffer.count))
                } ?? -1
            }
            try library.check(status, "load the model")
        } catch {
            throw MartletError(.dataLoss, "The XGBoost model is damaged: the library cannot read it.", cause: error)
        }
        try setParameter("nthread", "\(threads)")
        try setParameter("device", "cpu")
    }

    init(owning handle: UnsafeMutableRawPointer, _ library: XGBoostLibrary) {
        self.handle = handle
        self.library = library
        matrices = []
    }

    deinit {
        _ = library.table.pointee.XGBoosterFree(handle)
    }

    private static func create(
        _ matrices: [UnsafeMutableRawPointer],
        _ library: XGBoostLibrary
    ) throws -> UnsafeMutableRawPointer {
        var created: UnsafeMutableRawPointer?
        var handles: [UnsafeMutableRawPointer?] = matrices.map { $0 }
        let status = handles.withUnsafeMutableBufferPointer { buffer in
            library.table.pointee.XGBoosterCreate(buffer.baseAddress, UInt64(buffer.count), &created)
        }
        try library.check(status, "start a model")
        guard let created else { throw MartletError(.internal, "XGBoost returned no model.") }
        return created
    }

    /// Sets one of XGBoost's parameters.
    package func setParameter(_ name: String, _ value: String) throws {
        do {
            try library.check(library.table.pointee.XGBoosterSetParam(handle, name, value), "take \(name)=\(value)")
        } catch let error as MartletError {
            throw MartletError(.invalidArgument, error.message, cause: error.cause)
        }
    }

    /// Names the features in the saved model; the count must be that of the training matrix.
    package func setFeatureNames(_ names: [String]) throws {
        try setFeatureInfo("feature_name", names)
    }

    /// Says in the saved model what each feature is: `q` for a number, `c` for the code of a category.
    package func setFeatureTypes(_ types: [String]) throws {
        try setFeatureInfo("feature_type", types)
    }

    private func setFeatureInfo(_ field: String, _ texts: [String]) throws {
        let status = CTextArray.with(texts) { first, count in
            library.table.pointee.XGBoosterSetStrFeatureInfo(handle, field, first, UInt64(count))
        }
        try library.check(status, "name the features")
    }

    /// Adds one round of trees.
    package func update(iteration: Int32, on training: XGBoostMatrix) throws {
        let status = library.table.pointee.XGBoosterUpdateOneIter(handle, iteration, training.handle)
        do {
            try library.check(status, "train")
        } catch let error as MartletError {
            // A wrong parameter is only found when training begins.
            throw MartletError(.invalidArgument, error.message, cause: error.cause)
        }
    }

    /// How many rounds the model has.
    package func roundCount() throws -> Int {
        var rounds: Int32 = 0
        try library.check(library.table.pointee.XGBoosterBoostedRounds(handle, &rounds), "count the rounds")
        return Int(rounds)
    }

    /// Asks the model about every row of `matrix`.
    ///
    /// - Parameters:
    ///   - matrix: the rows.
    ///   - output: what to ask.
    ///   - iterations: how many rounds to use; 0 for all.
    /// - Returns: numbers in the shape that `output` says, row-major.
    /// - Throws: `internal` when the library fails.
    package func predict(_ matrix: XGBoostMatrix, _ output: Output = .prediction, iterations: Int = 0) throws -> [Float]
    {
        let config =
            #"{"type":\#(output.rawValue),"training":false,"iteration_begin":0,"#
            + #""iteration_end":\#(iterations),"strict_shape":true}"#
        var shape: UnsafePointer<UInt64>?
        var dimensions: UInt64 = 0
        var values: UnsafePointer<Float>?
        let status = library.table.pointee.XGBoosterPredictFromDMatrix(
            handle,
            matrix.handle,
            config,
            &shape,
            &dimensions,
            &values
        )
        try library.check(status, "predict")
        return Array(try XGBoostResult.values(shape, dimensions, values))
    }

    /// The model as a file's contents.
    package func save(_ format: Format) throws -> [UInt8] {
        var count: UInt64 = 0
        var bytes: UnsafePointer<CChar>?
        let config = #"{"format":"\#(format.rawValue)"}"#
        try library.check(
            library.table.pointee.XGBoosterSaveModelToBuffer(handle, config, &count, &bytes),
            "save the model"
        )
        guard let bytes, let size = Int(exactly: count) else {
            throw MartletError(.internal, "XGBoost returned no model file.")
        }
        return Array(UnsafeRawBufferPointer(start: bytes, count: size))
    }
}

/// Results that belong to the library until its next call on the same thread.
enum XGBoostResult {
    static func values(
        _ shape: UnsafePointer<UInt64>?,
        _ dimensions: UInt64,
        _ values: UnsafePointer<Float>?
    ) throws -> UnsafeBufferPointer<Float> {
        guard let shape, let values, let rank = Int(exactly: dimensions), rank <= 8 else {
            throw MartletError(.internal, "XGBoost returned no result.")
        }
        var count = 1
        for axis in 0..<rank {
            let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: shape[axis]))
            guard !overflow else { throw MartletError(.internal, "XGBoost returned a result of impossible size.") }
            count = product
        }
        return UnsafeBufferPointer(start: values, count: count)
    }
}
