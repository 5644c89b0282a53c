import CModelLibraries
import Core

/// A handle of ONNX Runtime.
typealias ONNXHandle = UnsafeMutableRawPointer

/// A loaded ONNX model; ONNX Runtime allows any number of threads to run one session.
final class ONNXSession: @unchecked Sendable {
    // Safe because ONNX Runtime's `Run` is safe for concurrent use and nothing else changes the session; the names are
    // written once in `init`.
    let library: ONNXRuntimeLibrary
    private let handle: ONNXHandle
    private let inputNames: CNames
    private let outputNames: CNames
    private static let allOptimizations: Int32 = 99

    /// Loads a model: from its bytes, or from its file at `path` when its weights lie in files beside it.
    ///
    /// - Throws: `dataLoss` for a damaged model, `failedPrecondition` without the library.
    init(_ bytes: [UInt8], path: String?, graph: ONNXGraph, threads: Int) throws {
        let library = try ONNXRuntimeLibrary.shared()
        let api = library.table.pointee
        let options = try library.make("make options") { api.CreateSessionOptions($0) }
        defer { api.ReleaseSessionOptions(options) }
        try Self.configure(library, options, threads: Int32(clamping: max(1, threads)))
        let reading = "read the model; the file is damaged or uses operators that the library does not have"
        if let path, !graph.externalFiles.isEmpty {
            handle = try library.make(reading, code: .dataLoss) {
                api.CreateSession(library.environment, path, options, $0)
            }
        } else {
            handle = try bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress else { throw MartletError(.dataLoss, "The ONNX model is empty.") }
                return try library.make(reading, code: .dataLoss) {
                    api.CreateSessionFromArray(library.environment, start, buffer.count, options, $0)
                }
            }
        }
        self.library = library
        inputNames = CNames(graph.inputs.map(\.name))
        outputNames = CNames(graph.outputs.map(\.name))
    }

    deinit {
        library.table.pointee.ReleaseSession(handle)
    }

    private static func configure(_ library: ONNXRuntimeLibrary, _ options: ONNXHandle, threads: Int32) throws {
        let api = library.table.pointee
        try library.check(api.SetSessionGraphOptimizationLevel(options, allOptimizations), "set its options")
        try library.check(api.SetIntraOpNumThreads(options, threads), "set its options")
        try library.check(api.SetInterOpNumThreads(options, 1), "set its options")
        // Threads that wait in a loop would take the processor from everybody else.
        for key in ["session.intra_op.allow_spinning", "session.inter_op.allow_spinning"] {
            try library.check(api.AddSessionConfigEntry(options, key, "0"), "set its options")
        }
    }

    /// Runs the model on one value for each input and lends the values of the outputs at `wanted` to `body`.
    ///
    /// - Throws: `invalidArgument` with the library's reason when the model cannot compute with these values.
    func run<Result>(
        _ inputs: [ONNXHandle?],
        wanted: [Int],
        _ body: ([ONNXHandle]) throws -> Result
    ) throws -> Result {
        let api = library.table.pointee
        var results = [ONNXHandle?](repeating: nil, count: wanted.count)
        let names = wanted.map { outputNames.pointers[$0] }
        defer { for case let result? in results { api.ReleaseValue(result) } }
        try library.checkRun(
            api.Run(handle, nil, inputNames.pointers, inputs, inputs.count, names, names.count, &results)
        )
        let values = results.compactMap { $0 }
        guard values.count == wanted.count else {
            throw MartletError(.internal, "The ONNX model gave \(values.count) of \(wanted.count) outputs.")
        }
        return try body(values)
    }
}

/// Names as the library takes them, for as long as this lives.
private final class CNames {
    let pointers: [UnsafePointer<CChar>?]
    private let buffers: [UnsafeMutableBufferPointer<CChar>]

    init(_ names: [String]) {
        buffers = names.map { name in
            let text = Array(name.utf8CString)
            let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
            _ = buffer.initialize(from: text)
            return buffer
        }
        pointers = buffers.map { UnsafePointer($0.baseAddress) }
    }

    deinit {
        for buffer in buffers { buffer.deallocate() }
    }
}
