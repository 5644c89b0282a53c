import CModelLibraries
import Core

/// LightGBM's C library: training, prediction and SHAP contributions.
struct LightGBMLibrary: @unchecked Sendable {
    // Safe because the table is written once before it is shared and its functions may be called from any thread.
    let table: UnsafePointer<martlet_lightgbm>
    /// The library has no call that tells its version; a library with every function counts as the pinned one.
    let version = NativeLibrary.lightgbm.pinnedVersion

    /// The library, opened on first use.
    static func shared() throws -> LightGBMLibrary {
        try cached.get {
            let library = try NativeLibrary.lightgbm.open()
            var missing: UnsafePointer<CChar>?
            guard let table = martlet_lightgbm_table(library.handle, &missing) else {
                throw NativeLibrary.lightgbm.lacks(missing)
            }
            // What it would print is what its errors say.
            _ = table.pointee.LGBM_RegisterLogCallback { _ in }
            return LightGBMLibrary(table: table)
        }
    }

    private static let cached = LibraryCache<LightGBMLibrary>()

    /// Throws what the library says unless `status` is 0; call on the thread that made the call.
    func check(_ status: Int32, _ code: MartletError.Code, _ what: String) throws {
        guard status != 0 else { return }
        let text = String(cString: table.pointee.LGBM_GetLastError())
        throw MartletError(code, "LightGBM failed to \(what).", cause: LoaderReason(text: text))
    }

    /// Throws the library's own words unless `status` is 0: what it says of rows and parameters is for the user.
    func require(_ status: Int32, _ what: String) throws {
        guard status != 0 else { return }
        let text = String(cString: table.pointee.LGBM_GetLastError())
        let line = text.split(separator: "\n").first.map(String.init) ?? "no reason given"
        throw MartletError(.invalidArgument, "LightGBM failed to \(what): \(line)", cause: LoaderReason(text: text))
    }
}
