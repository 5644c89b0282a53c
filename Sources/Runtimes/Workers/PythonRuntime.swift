package import Core
import Foundation
package import Logging
import Synchronization

/// Runs an MLflow `python_function` model in processes of its own, which this one supervises.
package final class PythonRuntime: ModelRuntime {
    package let name = "python"
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    package let placement = RuntimePlacement.process
    private let pool: WorkerPool
    private let timeout: UInt64

    private init(pool: WorkerPool, signature: ModelSignature?, timeout: UInt64) {
        self.pool = pool
        self.timeout = timeout
        inputs = Self.specs(signature?.inputs ?? [], signature?.inputTensors ?? [], unnamed: "input")
        outputs = Self.specs(signature?.outputs ?? [], signature?.outputTensors ?? [], unnamed: Self.unnamedOutput)
    }

    deinit {
        // Whoever forgot to close the runtime leaves no processes behind.
        pool.abandon()
    }

    /// Starts the workers of a model and returns when the first of them has loaded it.
    ///
    /// - Parameters:
    ///   - directory: where the model lies, with an `MLmodel` in it.
    ///   - signature: what the model takes and gives, as `MLmodel` says.
    ///   - settings: the interpreter, how many processes, and their limits.
    ///   - logger: gets the workers' output and what happens to them.
    /// - Returns: the runtime, whose `close` ends the workers.
    /// - Throws: `failedPrecondition` naming the remedy when the interpreter or a package is missing or the model does
    ///   not load, `resourceExhausted` when it does not fit into its memory limit, `deadlineExceeded`.
    package static func start(
        directory: String,
        signature: ModelSignature?,
        settings: PythonSettings,
        logger: Logger
    ) async throws -> PythonRuntime {
        let (interpreter, scratch) = try await BlockingWork.run {
            (try PythonInterpreter.find(for: directory, settings), try WorkerScratch(in: settings.scratch))
        }
        // The workers have another working directory.
        let model = directory.hasPrefix("/") ? directory : FileManager.default.currentDirectoryPath + "/" + directory
        let command = WorkerCommand(
            interpreter: interpreter,
            script: scratch.script,
            directory: scratch.path,
            model: model,
            sandbox: settings.sandbox.worker(
                directory: scratch.path,
                readable: [model] + (settings.environments.map { [$0] } ?? []),
                memoryBytes: settings.memoryBytes
            ),
            variables: settings.variables
        )
        let timeout = settings.timeout.clampedNanoseconds
        let pool = try WorkerPool(
            command: command,
            scratch: scratch,
            count: settings.workers,
            startTimeout: settings.startTimeout.clampedNanoseconds,
            callTimeout: timeout,
            logger: logger
        )
        try await pool.start()
        return PythonRuntime(pool: pool, signature: signature, timeout: timeout)
    }

    package var memoryBytes: Int {
        pool.state.withLock { state in
            let (bytes, overflow) = state.memoryBytes.multipliedReportingOverflow(by: state.seats.count)
            return overflow ? .max : bytes
        }
    }

    package func infer(_ call: ModelCall) async throws -> ModelResult {
        try await measured(call).result
    }

    /// Runs the model and tells how long it took without the way there and back.
    ///
    /// - Throws: as `infer`.
    package func measured(_ call: ModelCall) async throws -> (result: ModelResult, modelNanoseconds: UInt64) {
        let latest = Clock.monotonicNanoseconds + timeout
        let deadline = min(call.deadline ?? latest, latest)
        let frame = try await pool.answer(deadline: deadline) { id in try WorkerCoding.frame(of: call, id: id) }
        guard frame.kind == .result else { throw try Self.explained(frame) }
        let unnamed = outputs.count == 1 ? outputs[0].name : Self.unnamedOutput
        let answer = try WorkerAnswer(frame, outputs: call.outputs, unnamed: unnamed)
        return (answer.result, answer.modelNanoseconds)
    }

    /// Ends the workers; calls under way finish first.
    package func close() async {
        await pool.close()
    }

    /// What the workers are about.
    package var workers: [WorkerStatus] { pool.status }

    private static let unnamedOutput = "predict"

    private static func explained(_ frame: WorkerFrame) throws -> MartletError {
        do {
            return try WorkerComplaint(frame).callError
        } catch {
            throw MartletError(.internal, "The model's worker sent an error that cannot be read.", cause: error)
        }
    }

    private static func specs(
        _ columns: [ModelSignature.Field],
        _ tensors: [TensorSpec],
        unnamed: String
    ) -> [TensorSpec] {
        guard tensors.isEmpty else {
            return tensors.map { TensorSpec($0.name.isEmpty ? unnamed : $0.name, $0.dataType, $0.shape) }
        }
        // MLflow leaves the only column of an answer without a name, which a signature shows as its position.
        let isUnnamed = columns.count == 1 && columns[0].name == "0"
        return columns.map { TensorSpec(isUnnamed ? unnamed : $0.name, $0.type.dataType, [-1]) }
    }
}

extension Duration {
    /// The duration in nanoseconds, at least none and at most a day.
    var clampedNanoseconds: UInt64 {
        let day: Duration = .seconds(86_400)
        let (seconds, attoseconds) = min(max(self, .zero), day).components
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
