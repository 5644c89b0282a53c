import CModelLibraries
import Core

/// ONNX Runtime's C library with its one environment.
struct ONNXRuntimeLibrary: @unchecked Sendable {
    // Safe because the tables are written once before they are shared and ONNX Runtime's functions and its environment
    // may be used from any thread.
    let table: UnsafePointer<martlet_onnxruntime>
    let environment: UnsafeMutableRawPointer
    let memory: UnsafeMutableRawPointer
    let allocator: UnsafeMutableRawPointer
    /// The library's version, such as `1.31.1`.
    let version: String

    /// The library, opened on first use.
    static func shared() throws -> ONNXRuntimeLibrary {
        try cached.get { try open() }
    }

    private static let cached = LibraryCache<ONNXRuntimeLibrary>()
    private static let errorsOnly: Int32 = 3
    private static let arenaAllocator: Int32 = 1
    private static let defaultMemory: Int32 = 0

    private static func open() throws -> ONNXRuntimeLibrary {
        let library = try NativeLibrary.onnxruntime.open()
        var missing: UnsafePointer<CChar>?
        guard let table = martlet_onnxruntime_table(library.handle, &missing) else {
            throw NativeLibrary.onnxruntime.lacks(missing)
        }
        let api = table.pointee
        let environment = try make(table, "start") { api.CreateEnv(errorsOnly, "martlet", $0) }
        let memory = try make(table, "describe memory") {
            api.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, $0)
        }
        let allocator = try make(table, "find its allocator") { api.GetAllocatorWithDefaultOptions($0) }
        return ONNXRuntimeLibrary(
            table: table,
            environment: environment,
            memory: memory,
            allocator: allocator,
            version: String(cString: api.GetVersionString())
        )
    }

    /// Calls what makes a handle and returns it.
    func make(
        _ what: String,
        code: MartletError.Code = .internal,
        _ body: (UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> UnsafeMutableRawPointer?
    ) throws -> UnsafeMutableRawPointer {
        try Self.make(table, what, code: code, body)
    }

    private static func make(
        _ table: UnsafePointer<martlet_onnxruntime>,
        _ what: String,
        code: MartletError.Code = .internal,
        _ body: (UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> UnsafeMutableRawPointer?
    ) throws -> UnsafeMutableRawPointer {
        var created: UnsafeMutableRawPointer?
        try check(table, body(&created), what, code: code)
        guard let created else { throw MartletError(.internal, "ONNX Runtime failed to \(what).") }
        return created
    }

    /// Throws what the library says when `status` is an error, and releases it.
    func check(_ status: UnsafeMutableRawPointer?, _ what: String, code: MartletError.Code = .internal) throws {
        try Self.check(table, status, what, code: code)
    }

    private static func check(
        _ table: UnsafePointer<martlet_onnxruntime>,
        _ status: UnsafeMutableRawPointer?,
        _ what: String,
        code: MartletError.Code
    ) throws {
        guard let status else { return }
        defer { table.pointee.ReleaseStatus(status) }
        let text = String(cString: table.pointee.GetErrorMessage(status))
        throw MartletError(code, "ONNX Runtime failed to \(what).", cause: LoaderReason(text: text))
    }

    /// Throws what the library says when a call failed: mostly the model cannot compute with what it was given.
    func checkRun(_ status: UnsafeMutableRawPointer?) throws {
        guard let status else { return }
        let code = table.pointee.GetErrorCode(status)
        defer { table.pointee.ReleaseStatus(status) }
        let text = String(cString: table.pointee.GetErrorMessage(status))
        let reason = LoaderReason(text: text)
        if text.contains("Failed to allocate memory") || text.contains("bad_alloc") {
            throw MartletError(.resourceExhausted, "There is not enough memory to run the ONNX model.", cause: reason)
        }
        guard Self.causedByInput.contains(code) else {
            throw MartletError(.internal, "ONNX Runtime failed to run the model.", cause: reason)
        }
        throw MartletError(
            .invalidArgument,
            "The ONNX model cannot compute with this input: \(Self.plain(text))",
            cause: reason
        )
    }

    /// FAIL, INVALID_ARGUMENT and RUNTIME_EXCEPTION: indices out of bounds, extents that do not go together.
    private static let causedByInput: Set<Int32> = [1, 2, 6]
    private static let reasonLength = 300

    /// What the library says without its own source files and places in memory.
    static func plain(_ text: String) -> String {
        let reason = text.split(separator: "Status Message:").last.map(String.init) ?? text
        let line = reason.split(separator: "\n").first.map(String.init) ?? reason
        let words = line.split(separator: " ").filter { word in !word.contains("/") && !word.contains("0x") }
        return String(words.joined(separator: " ").prefix(reasonLength))
    }
}
