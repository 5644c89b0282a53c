import CModelLibraries
package import Core
import Synchronization

/// An ONNX model with its own inputs and outputs, run by ONNX Runtime on the processor.
package final class ONNXModelRuntime: ModelRuntime {
    package let name = "onnxruntime"
    package let placement = RuntimePlacement.library
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    package let memoryBytes: Int
    /// The classes of a classifier in the order of its probabilities; empty when the file does not say.
    package let classLabels: [String]

    let graph: ONNXGraph
    private let binding: ONNXBinding
    private let opened: Mutex<ONNXSession?>
    private let open: @Sendable () throws -> ONNXSession

    /// Loads a model from its file's contents.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - place: the folder and the name of the file, needed when its weights lie in files beside it.
    ///   - threads: threads for one call.
    ///   - isLazy: whether the library is opened by the first call only.
    /// - Throws: `dataLoss` for a damaged model, `unimplemented` for types that no protocol carries,
    ///   `failedPrecondition` without the library.
    package init(
        _ bytes: [UInt8],
        place: (directory: String, file: String)? = nil,
        threads: Int = 1,
        isLazy: Bool = false
    ) throws {
        let graph = try ONNXGraph(bytes)
        let path = place.map { "\($0.directory)/\($0.file)" }
        guard !graph.inputs.isEmpty, !graph.outputs.isEmpty else {
            throw MartletError(.unimplemented, "The ONNX model has no inputs or no outputs.")
        }
        self.graph = graph
        classLabels = graph.classLabels
        inputs = try graph.inputs.map { try $0.inputSpec() }
        outputs = try graph.outputs.map { [labels = graph.classLabels] in try $0.spec(labels: labels) }
        binding = ONNXBinding(ports: graph.inputs)
        let external = try Self.externalBytes(graph, place)
        memoryBytes = (bytes.count + external) * RuntimesLimits.memoryPerModelByte
        open = { try ONNXSession(bytes, path: path, graph: graph, threads: threads) }
        opened = Mutex(nil)
        if !isLazy { _ = try session() }
    }

    private static func externalBytes(_ graph: ONNXGraph, _ place: (directory: String, file: String)?) throws -> Int {
        guard !graph.externalFiles.isEmpty else { return 0 }
        guard let place else {
            throw MartletError(
                .invalidArgument,
                "The ONNX model keeps weights in \(graph.externalFiles.sorted().joined(separator: ", ")): serve its"
                    + " folder, or save it in one file."
            )
        }
        let folder = place.file.split(separator: "/").dropLast().map { "\($0)/" }.joined()
        return try graph.externalFiles.reduce(0) { sum, file in
            guard let size = try FileBytes.size(of: folder + file, in: place.directory) else {
                throw MartletError(
                    .dataLoss,
                    "The file '\(file)' with weights of the ONNX model is missing; restore it."
                )
            }
            return sum + size
        }
    }

    /// The session, opened on first use.
    func session() throws -> ONNXSession {
        try opened.withLock { opened in
            if let session = opened { return session }
            let session = try open()
            opened = session
            return session
        }
    }

    @concurrent package func infer(_ call: ModelCall) async throws -> ModelResult {
        let wanted = try positions(of: call.outputs)
        let tensors = try binding.tensors(call.input)
        let results = try await BlockingWork.run { try self.run(tensors, wanted: wanted) }
        let named = zip(wanted, results).map { NamedTensor(self.graph.outputs[$0].name, $1) }
        return ModelResult(.tensors(named, .named))
    }

    private func positions(of names: [String]?) throws(MartletError) -> [Int] {
        guard let names else { return Array(graph.outputs.indices) }
        var positions: [Int] = []
        for name in names {
            guard let position = graph.outputs.firstIndex(where: { $0.name == name }) else {
                let known = graph.outputs.map { "'\($0.name)'" }.joined(separator: ", ")
                throw MartletError(.invalidArgument, "The output '\(name)' is not known; the model gives \(known).")
            }
            positions.append(position)
        }
        return positions
    }

    /// Runs the model on one tensor for each input; blocks.
    func run(_ tensors: [Tensor], wanted: [Int]) throws -> [Tensor] {
        let session = try session()
        let values = ONNXValues(library: session.library)
        var inputs: [ONNXHandle?] = []
        defer { for case let input? in inputs { session.library.table.pointee.ReleaseValue(input) } }
        for tensor in tensors { inputs.append(try values.make(tensor)) }
        return try session.run(inputs, wanted: wanted) { results in
            try zip(wanted, results).map { position, result in
                try values.tensor(result, of: graph.outputs[position], labels: classLabels)
            }
        }
    }
}

extension ONNXPort {
    /// How protocols describe an input.
    fileprivate func inputSpec() throws -> TensorSpec {
        guard case .tensor = kind else {
            throw MartletError(.unimplemented, "The input '\(name)' of the ONNX model is no tensor.")
        }
        return try spec(labels: [])
    }
}
