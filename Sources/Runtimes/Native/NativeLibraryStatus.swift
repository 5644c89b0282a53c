import Core

/// What `martlet doctor` says about one native library.
package struct NativeLibraryStatus: Sendable, Equatable {
    /// `xgboost`, `lightgbm` or `onnxruntime`.
    package let name: String
    /// Whether the library opens and has every function that Martlet calls.
    package let found: Bool
    /// The library's version, or the pinned one where it cannot be asked.
    package let version: String
    /// Where it was found, relative (`.build/native`, `system`); nil when it was not.
    package let place: String?
    /// The command that installs it; nil when nothing is to be done.
    package let remedy: String?
}

extension NativeLibrary {
    /// Opens every library and reports what is there; never throws.
    package static func status() -> [NativeLibraryStatus] {
        allCases.map { $0.status() }
    }

    private func status() -> NativeLibraryStatus {
        do {
            let library = try open()
            let version =
                switch self {
                case .xgboost: try XGBoostLibrary.shared().version
                case .lightgbm: try LightGBMLibrary.shared().version
                case .onnxruntime: try ONNXRuntimeLibrary.shared().version
                }
            return NativeLibraryStatus(
                name: rawValue,
                found: true,
                version: version,
                place: library.place,
                remedy: nil
            )
        } catch {
            return NativeLibraryStatus(
                name: rawValue,
                found: false,
                version: pinnedVersion,
                place: nil,
                remedy: remedy
            )
        }
    }
}
