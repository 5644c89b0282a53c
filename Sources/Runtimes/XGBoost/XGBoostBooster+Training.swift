import CModelLibraries
import Core

extension XGBoostBooster {
    /// The metrics after a round, on the matrices that the booster was started with.
    ///
    /// - Parameters:
    ///   - iteration: the round, from 0.
    ///   - parts: the positions of matrices, 0 being the training rows, and what each is called.
    /// - Returns: part, metric and value in the library's order; a metric without a value is NaN.
    /// - Throws: `invalidArgument` when a metric does not fit the rows.
    package func evaluate(
        iteration: Int32,
        _ parts: [(matrix: Int, name: String)]
    ) throws -> [(part: String, metric: String, value: Double)] {
        let known = parts.filter { matrices.indices.contains($0.matrix) }
        guard !known.isEmpty else { return [] }
        var handles: [UnsafeMutableRawPointer?] = known.map { matrices[$0.matrix].handle }
        var text: UnsafePointer<CChar>?
        let status = handles.withUnsafeMutableBufferPointer { handles in
            CTextArray.with(known.map(\.name)) { names, count in
                guard let handles = handles.baseAddress else { return 0 }
                return library.table.pointee.XGBoosterEvalOneIter(
                    handle,
                    iteration,
                    handles,
                    names,
                    UInt64(count),
                    &text
                )
            }
        }
        do {
            try library.check(status, "judge the round")
        } catch let error as MartletError {
            throw MartletError(.invalidArgument, error.message, cause: error.cause)
        }
        guard let text else { throw MartletError(.internal, "XGBoost returned no metrics.") }
        return Self.metrics(in: String(cString: text), of: known.map(\.name))
    }

    /// Reads a line such as `[3]<tab>validation-logloss:0.25<tab>validation-auc:0.97`.
    static func metrics(in line: String, of parts: [String]) -> [(part: String, metric: String, value: Double)] {
        line.split(separator: "\t").dropFirst().compactMap { field in
            guard let colon = field.lastIndex(of: ":"), let part = parts.first(where: { field.hasPrefix("\($0)-") })
            else { return nil }
            let name = field[field.index(field.startIndex, offsetBy: part.count + 1)..<colon]
            return (part, String(name), Double(field[field.index(after: colon)...]) ?? .nan)
        }
    }

    /// The model of the first rounds only.
    ///
    /// - Throws: `internal` when the library cannot cut this kind of model.
    package func first(_ rounds: Int32) throws -> XGBoostBooster {
        var cut: UnsafeMutableRawPointer?
        try library.check(library.table.pointee.XGBoosterSlice(handle, 0, rounds, 1, &cut), "cut the model")
        guard let cut else { throw MartletError(.internal, "XGBoost returned no model.") }
        return XGBoostBooster(owning: cut, library)
    }
}
