import CModelLibraries
import Core

/// Rows in LightGBM's own form: numbers sorted into bins.
///
/// Not Sendable: make it, use it and drop it on one thread.
package final class LightGBMDataset {
    let handle: UnsafeMutableRawPointer
    let library: LightGBMLibrary
    /// How many rows there are.
    package let rowCount: Int

    private static let float32: Int32 = 0
    private static let int32: Int32 = 2

    /// Sorts rows into bins.
    ///
    /// - Parameters:
    ///   - values: `rowCount × featureCount` numbers, row-major; NaN is missing.
    ///   - rowCount: how many rows `values` holds.
    ///   - featureCount: how many numbers a row has.
    ///   - labels: one number a row.
    ///   - parameters: the library's parameters in its own form, `name=value` divided by blanks.
    ///   - reference: rows whose bins are taken over, as validation rows must.
    /// - Throws: `invalidArgument` when sizes differ or the library refuses a parameter; `failedPrecondition` without the
    ///   library.
    package init(
        _ values: [Float],
        rowCount: Int,
        featureCount: Int,
        labels: [Float],
        parameters: String,
        reference: LightGBMDataset? = nil
    ) throws {
        let (size, overflow) = rowCount.multipliedReportingOverflow(by: featureCount)
        guard let rows = Int32(exactly: rowCount), let columns = Int32(exactly: featureCount), rows > 0, columns > 0,
            !overflow, values.count == size, labels.count == rowCount
        else {
            throw MartletError(
                .invalidArgument,
                "\(values.count) numbers and \(labels.count) labels are no \(rowCount) rows of \(featureCount) features."
            )
        }
        let library = try LightGBMLibrary.shared()
        self.library = library
        self.rowCount = rowCount
        var created: UnsafeMutableRawPointer?
        let status: Int32 = values.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return library.table.pointee.LGBM_DatasetCreateFromMat(
                start,
                Self.float32,
                rows,
                columns,
                1,
                parameters,
                reference?.handle,
                &created
            )
        }
        try library.require(status, "read the rows")
        guard let created else { throw MartletError(.internal, "LightGBM returned no rows.") }
        handle = created
        try set("label", labels)
    }

    deinit {
        _ = library.table.pointee.LGBM_DatasetFree(handle)
    }

    /// Sets what each row counts for.
    package func setWeights(_ weights: [Float]) throws {
        try set("weight", weights)
    }

    /// Sets how many rows each group has, in order.
    package func setGroups(_ sizes: [Int]) throws {
        let sizes = sizes.compactMap { Int32(exactly: $0) }
        let status: Int32 = sizes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return library.table.pointee.LGBM_DatasetSetField(
                handle,
                "group",
                start,
                Int32(clamping: sizes.count),
                Self.int32
            )
        }
        try library.require(status, "read the groups")
    }

    /// Names the features in the saved model.
    package func setFeatureNames(_ names: [String]) throws {
        let status = CTextArray.with(names) { first, count in
            library.table.pointee.LGBM_DatasetSetFeatureNames(handle, first, Int32(clamping: count))
        }
        try library.require(status, "name the features")
    }

    private func set(_ field: String, _ numbers: [Float]) throws {
        let status: Int32 = numbers.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            let count = Int32(clamping: numbers.count)
            return library.table.pointee.LGBM_DatasetSetField(handle, field, start, count, Self.float32)
        }
        try library.require(status, "read the \(field)s")
    }
}
