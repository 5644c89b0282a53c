import CModelLibraries
import Core
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A shared library that Martlet opens when a model or a training task first needs it.
///
/// The binary starts without any of them. They are looked for under the folder that `MARTLET_NATIVE` names, in
/// `native/` beside the executable, in `../native`, in `.build/native` of a source build, then where the system's
/// loader looks.
package enum NativeLibrary: String, Sendable, CaseIterable {
    /// Training, explanations and XGBoost models that the own tree walker does not take.
    case xgboost
    /// LightGBM models.
    case lightgbm
    /// ONNX models.
    case onnxruntime

    /// The version that `scripts/fetch-native` unpacks.
    package var pinnedVersion: String {
        switch self {
        case .xgboost: "3.2.0"
        case .lightgbm: "4.7.0"
        case .onnxruntime: "1.31.1"
        }
    }

    /// What a person runs to get the library.
    package var remedy: String {
        "Run `make native` (or `scripts/fetch-native`) in the source folder, or set MARTLET_NATIVE to a folder that"
            + " holds \(relativePath)."
    }

    /// Where the file stands beneath a native folder; the wheels' own layout, which their run paths rely on.
    var relativePath: String {
        switch self {
        case .xgboost: "xgboost/lib/libxgboost.so"
        case .lightgbm: "lightgbm/lib/lib_lightgbm.so"
        case .onnxruntime: "onnxruntime/capi/libonnxruntime.so.1.31.1"
        }
    }

    /// The name that the system's loader knows.
    var systemName: String {
        switch self {
        case .xgboost: "libxgboost.so"
        case .lightgbm: "lib_lightgbm.so"
        case .onnxruntime: "libonnxruntime.so.1"
        }
    }

    /// Opens the library, or returns the handle from before.
    ///
    /// - Throws: `failedPrecondition` naming the remedy. A failure is not remembered, so that a library that is
    ///   installed later is found without a restart.
    func open() throws -> OpenedLibrary {
        try Self.opened.withLock { opened in
            if let known = opened[self] { return known }
            let library = try search()
            opened[self] = library
            return library
        }
    }

    private static let opened = Mutex<[NativeLibrary: OpenedLibrary]>([:])

    private func search() throws -> OpenedLibrary {
        var reasons: [String] = []
        for place in NativeSearchPath.current.places {
            let path = "\(place.directory)/\(relativePath)"
            guard access(path, R_OK) == 0 else { continue }
            switch load(path) {
            case .success(let handle): return OpenedLibrary(handle: handle, place: place.name)
            case .failure(let reason): reasons.append(reason.text)
            }
        }
        switch load(systemName) {
        case .success(let handle): return OpenedLibrary(handle: handle, place: "system")
        case .failure(let reason): reasons.append(reason.text)
        }
        throw MartletError(
            .failedPrecondition,
            "The \(rawValue) library \(pinnedVersion) is not installed or cannot be opened. \(remedy)",
            cause: LoaderReason(text: reasons.joined(separator: "; "))
        )
    }

    /// Room for what the system's loader says; a longer reason is cut.
    private static let reasonBytes = 4096

    private func load(_ path: String) -> Result<UnsafeMutableRawPointer, LoaderReason> {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.reasonBytes) { reason in
            guard let start = reason.baseAddress else { return .failure(LoaderReason(text: "no memory")) }
            start.initialize(repeating: 0, count: reason.count)
            if let handle = martlet_library_open(path, start, reason.count) { return .success(handle) }
            return .failure(LoaderReason(text: String(cString: start)))
        }
    }
}

/// An open library; it is never closed, so the handle and every symbol stay valid.
struct OpenedLibrary: @unchecked Sendable {
    // Safe because the loader's handle is immutable and usable from any thread.
    let handle: UnsafeMutableRawPointer
    /// Where it was found, relative: `MARTLET_NATIVE`, `native`, `../native`, `.build/native` or `system`.
    let place: String
}

/// What the system's loader said; it may hold paths of the host, so it is only ever a cause.
struct LoaderReason: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
