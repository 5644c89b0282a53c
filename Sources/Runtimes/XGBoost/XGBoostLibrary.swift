import CModelLibraries
import Core

/// XGBoost's C library: training, prediction, SHAP contributions and model files.
///
/// Calls block; run training and large predictions through `BlockingWork`.
package struct XGBoostLibrary: @unchecked Sendable {
    // Safe because the table is written once before it is shared and its functions may be called from any thread.
    let table: UnsafePointer<martlet_xgboost>
    /// The library's version, such as `3.2.0`.
    package let version: String

    /// The library, opened on first use.
    ///
    /// - Throws: `failedPrecondition` naming the remedy when it is not installed or too old.
    package static func shared() throws -> XGBoostLibrary {
        try cached.get { try open() }
    }

    private static let cached = LibraryCache<XGBoostLibrary>()

    private static func open() throws -> XGBoostLibrary {
        let library = try NativeLibrary.xgboost.open()
        var missing: UnsafePointer<CChar>?
        guard let table = martlet_xgboost_table(library.handle, &missing) else {
            throw NativeLibrary.xgboost.lacks(missing)
        }
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        table.pointee.XGBoostVersion(&major, &minor, &patch)
        return XGBoostLibrary(table: table, version: "\(major).\(minor).\(patch)")
    }

    /// Keeps calls that take no thread count, such as loading, from starting a team of threads.
    ///
    /// The setting belongs to the calling thread.
    func useOneThread() throws {
        try check(table.pointee.XGBSetGlobalConfig(#"{"nthread":1,"verbosity":0}"#), "set the number of threads")
    }

    /// Throws what the library says unless `status` is 0; call on the thread that made the call.
    func check(_ status: Int32, _ what: String) throws {
        guard status != 0 else { return }
        let text = String(cString: table.pointee.XGBGetLastError())
        let reason = Self.reason(in: text)
        throw MartletError(
            .internal,
            "XGBoost failed to \(what): \(reason)",
            cause: LoaderReason(text: text)
        )
    }

    /// The reason without the time, the source file and the stack that XGBoost puts around it.
    static func reason(in text: String) -> String {
        let line = text.split(separator: "\n").first ?? "no reason given"
        let parts = line.split(separator: ": ", maxSplits: 1)
        guard parts.count == 2, parts[0].hasPrefix("["), parts[0].contains("/") else { return String(line) }
        return String(parts[1])
    }
}
