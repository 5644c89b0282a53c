import CModelLibraries
import Core

/// One tensor that a model takes or gives.
struct ONNXPort {
    let name: String
    /// ONNX element type: 1 is float, 7 is int64; nil when this is no tensor.
    let elementType: Int32?
    /// Sizes by axis; -1 where any size goes.
    let shape: [Int64]

    static let float: Int32 = 1
    static let int64: Int32 = 7
}

/// A loaded ONNX model; ONNX Runtime allows any number of threads to run one session.
final class ONNXSession: @unchecked Sendable {
    // Safe because ONNX Runtime's `Run` is safe for concurrent use and nothing else changes the session.
    let library: ONNXRuntimeLibrary
    let inputs: [ONNXPort]
    let outputs: [ONNXPort]
    private let handle: UnsafeMutableRawPointer
    private static let allOptimizations: Int32 = 99
    private static let mostPorts = 1024
    private static let mostAxes = 16

    init(_ bytes: [UInt8], threads: Int32) throws {
        let library = try ONNXRuntimeLibrary.shared()
        let api = library.table.pointee
        let options = try library.make("make options") { api.CreateSessionOptions($0) }
        defer { api.ReleaseSessionOptions(options) }
        try library.check(api.SetSessionGraphOptimizationLevel(options, Self.allOptimizations), "set its options")
        try library.check(api.SetIntraOpNumThreads(options, threads), "set its options")
        let handle = try bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { throw MartletError(.dataLoss, "The ONNX model is empty.") }
            return try library.make("read the model; the file is damaged or uses unknown operators", code: .dataLoss) {
                api.CreateSessionFromArray(library.environment, start, buffer.count, options, $0)
            }
        }
        self.library = library
        self.handle = handle
        do {
            inputs = try Self.ports(library, handle, api.SessionGetInputCount, api.SessionGetInputName) {
                api.SessionGetInputTypeInfo($0, $1, $2)
            }
            outputs = try Self.ports(library, handle, api.SessionGetOutputCount, api.SessionGetOutputName) {
                api.SessionGetOutputTypeInfo($0, $1, $2)
            }
        } catch {
            api.ReleaseSession(handle)
            throw error
        }
    }

    deinit {
        library.table.pointee.ReleaseSession(handle)
    }

    /// Runs one float matrix through the model and lends the float output to `body`, with its shape.
    func run<Result>(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        width: Int,
        input: String,
        output: String,
        _ body: (UnsafeBufferPointer<Float>, [Int64]) throws -> Result
    ) throws -> Result {
        let api = library.table.pointee
        let shape = [Int64(count), Int64(width)]
        guard let start = rows.baseAddress else { throw MartletError(.invalidArgument, "There are no rows.") }
        let value = try library.make("take the rows") {
            // The library only reads an input, although its type says otherwise.
            api.CreateTensorWithDataAsOrtValue(
                library.memory,
                UnsafeMutableRawPointer(mutating: UnsafeRawPointer(start)),
                rows.count * MemoryLayout<Float>.stride,
                shape,
                shape.count,
                ONNXPort.float,
                $0
            )
        }
        defer { api.ReleaseValue(value) }
        let result = try input.withCString { inputName in
            try output.withCString { outputName in
                let (inputNames, values, outputNames) = (
                    [inputName] as [UnsafePointer<CChar>?], [value] as [UnsafeMutableRawPointer?],
                    [outputName] as [UnsafePointer<CChar>?]
                )
                return try library.make("run the model") {
                    api.Run(handle, nil, inputNames, values, 1, outputNames, 1, $0)
                }
            }
        }
        defer { api.ReleaseValue(result) }
        let tensor = try library.make("describe the result") { api.GetTensorTypeAndShape(result, $0) }
        defer { api.ReleaseTensorTypeAndShapeInfo(tensor) }
        let resultShape = try Self.shape(library, tensor)
        let data = try library.make("return the result") { api.GetTensorMutableData(result, $0) }
        let size = try Self.size(of: resultShape)
        return try body(
            UnsafeBufferPointer(start: data.assumingMemoryBound(to: Float.self), count: size),
            resultShape
        )
    }

    private static func size(of shape: [Int64]) throws -> Int {
        var size = 1
        for axis in shape {
            guard let length = Int(exactly: axis), length >= 0 else {
                throw MartletError(.internal, "ONNX Runtime returned a result of impossible size.")
            }
            let (product, overflow) = size.multipliedReportingOverflow(by: length)
            guard !overflow else { throw MartletError(.internal, "ONNX Runtime returned a result of impossible size.") }
            size = product
        }
        return size
    }

    private typealias Handle = UnsafeMutableRawPointer

    private static func ports(
        _ library: ONNXRuntimeLibrary,
        _ session: Handle,
        _ count: (Handle, UnsafeMutablePointer<Int>) -> Handle?,
        _ name: (Handle, Int, Handle, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Handle?,
        _ type: (Handle, Int, UnsafeMutablePointer<Handle?>) -> Handle?
    ) throws -> [ONNXPort] {
        let api = library.table.pointee
        var total = 0
        try library.check(count(session, &total), "list the model's tensors")
        guard total <= mostPorts else {
            throw MartletError(.dataLoss, "The ONNX model has \(total) inputs or outputs, more than \(mostPorts).")
        }
        return try (0..<total).map { index in
            var text: UnsafeMutablePointer<CChar>?
            try library.check(name(session, index, library.allocator, &text), "name the model's tensors")
            let portName = text.map { String(cString: $0) } ?? ""
            if let text { try library.check(api.AllocatorFree(library.allocator, text), "free a name") }
            let info = try library.make("describe the model's tensors") { type(session, index, $0) }
            defer { api.ReleaseTypeInfo(info) }
            var tensor: UnsafeRawPointer?
            try library.check(api.CastTypeInfoToTensorInfo(info, &tensor), "describe the model's tensors")
            guard let tensor else { return ONNXPort(name: portName, elementType: nil, shape: []) }
            var elementType: Int32 = 0
            try library.check(api.GetTensorElementType(tensor, &elementType), "describe the model's tensors")
            return ONNXPort(name: portName, elementType: elementType, shape: try shape(library, tensor))
        }
    }

    private static func shape(_ library: ONNXRuntimeLibrary, _ tensor: UnsafeRawPointer) throws -> [Int64] {
        let api = library.table.pointee
        var rank = 0
        try library.check(api.GetDimensionsCount(tensor, &rank), "describe a tensor")
        guard rank <= mostAxes else { throw MartletError(.dataLoss, "A tensor of the ONNX model has \(rank) axes.") }
        var shape = [Int64](repeating: 0, count: max(rank, 1))
        try library.check(api.GetDimensions(tensor, &shape, rank), "describe a tensor")
        return Array(shape.prefix(rank))
    }
}
