import CModelLibraries
import Core

/// A data set in XGBoost's own form (DMatrix); the numbers are copied.
///
/// Not Sendable: training changes caches inside it. Make it, use it and drop it on one thread.
package final class XGBoostMatrix {
    let handle: UnsafeMutableRawPointer
    let library: XGBoostLibrary
    /// How many rows there are.
    package let rowCount: Int
    /// How many features a row has.
    package let featureCount: Int

    /// Copies rows, and labels when given.
    ///
    /// - Parameters:
    ///   - values: `labels.count × featureCount` numbers, row-major; NaN is missing.
    ///   - rowCount: how many rows `values` holds.
    ///   - featureCount: how many numbers a row has.
    ///   - labels: one number a row, or nil for prediction only.
    ///   - threads: how many threads the library may use for the copy.
    /// - Throws: `invalidArgument` when sizes differ; `failedPrecondition` without the library.
    package init(
        _ values: [Float],
        rowCount: Int,
        featureCount: Int,
        labels: [Float]? = nil,
        threads: Int = 1
    ) throws {
        let (size, overflow) = rowCount.multipliedReportingOverflow(by: featureCount)
        guard rowCount > 0, featureCount > 0, !overflow, values.count == size else {
            throw MartletError(
                .invalidArgument,
                "\(values.count) numbers are no \(rowCount) rows of \(featureCount) features."
            )
        }
        if let labels, labels.count != rowCount {
            throw MartletError(.invalidArgument, "There are \(labels.count) labels for \(rowCount) rows.")
        }
        library = try XGBoostLibrary.shared()
        self.rowCount = rowCount
        self.featureCount = featureCount
        handle = try Self.create(values, rowCount, featureCount, threads, library)
        if let labels { try set("label", labels) }
    }

    deinit {
        _ = library.table.pointee.XGDMatrixFree(handle)
    }

    private static func create(
        _ values: [Float],
        _ rows: Int,
        _ columns: Int,
        _ threads: Int,
        _ library: XGBoostLibrary
    ) throws -> UnsafeMutableRawPointer {
        var created: UnsafeMutableRawPointer?
        try values.withUnsafeBytes { bytes in
            let array = XGBoostArray.json(UInt(bitPattern: bytes.baseAddress), rows: rows, columns: columns)
            let config = #"{"missing":NaN,"nthread":\#(threads)}"#
            let status = library.table.pointee.XGDMatrixCreateFromDense(array, config, &created)
            try library.check(status, "read the rows")
        }
        guard let created else { throw MartletError(.internal, "XGBoost returned no matrix.") }
        return created
    }
}

/// NumPy's array interface in JSON, in which XGBoost takes memory.
enum XGBoostArray {
    /// Describes row-major 32-bit floats, or what `type` says, at an address; one-dimensional without `columns`.
    static func json(_ address: UInt, rows: Int, columns: Int?, type: String = "<f4") -> String {
        let shape = columns.map { "\(rows),\($0)" } ?? "\(rows)"
        return #"{"data":[\#(address),true],"shape":[\#(shape)],"typestr":"\#(type)","version":3}"#
    }
}
