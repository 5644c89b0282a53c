import CModelLibraries
import Core

extension XGBoostMatrix {
    /// Sets what each row counts for; of grouped rows, what each group counts for.
    package func setWeights(_ weights: [Float]) throws {
        try set("weight", weights)
    }

    /// Sets how many rows each group has, in order.
    ///
    /// - Throws: `invalidArgument` when a size is no 32-bit number.
    package func setGroups(_ sizes: [Int]) throws {
        let sizes = sizes.compactMap { UInt32(exactly: $0) }
        guard !sizes.isEmpty, sizes.reduce(0, { $0 + Int($1) }) == rowCount else {
            throw MartletError(.invalidArgument, "The groups do not add up to the \(rowCount) rows.")
        }
        try sizes.withUnsafeBytes { bytes in
            let address = UInt(bitPattern: bytes.baseAddress)
            let array = XGBoostArray.json(address, rows: sizes.count, columns: nil, type: "<u4")
            try library.check(
                library.table.pointee.XGDMatrixSetInfoFromInterface(handle, "group", array),
                "read the groups"
            )
        }
    }

    /// Says what each feature is: `q` for a number, `c` for the code of a category.
    ///
    /// - Throws: `invalidArgument` when the library refuses.
    package func setFeatureTypes(_ types: [String]) throws {
        let status = CTextArray.with(types) { first, count in
            library.table.pointee.XGDMatrixSetStrFeatureInfo(handle, "feature_type", first, UInt64(count))
        }
        try library.check(status, "take the kinds of the features")
    }

    /// Sets one number for each row or group.
    func set(_ field: String, _ numbers: [Float]) throws {
        try numbers.withUnsafeBytes { bytes in
            let array = XGBoostArray.json(UInt(bitPattern: bytes.baseAddress), rows: numbers.count, columns: nil)
            let status = library.table.pointee.XGDMatrixSetInfoFromInterface(handle, field, array)
            try library.check(status, "read the \(field)s")
        }
    }
}
