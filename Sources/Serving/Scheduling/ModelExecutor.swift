import Core
package import Runtimes

/// One call as it was run: the answer and where the time went.
package struct Execution: Sendable {
    /// What the model answered.
    package let result: ModelResult.Content
    /// How long the call waited before the model began, in nanoseconds.
    package let queueNanoseconds: UInt64
    /// How long the model worked, in nanoseconds.
    package let computeNanoseconds: UInt64
    /// Rows that the model worked on at once, those of other calls included.
    package let batchRows: Int

    /// Makes a record of a call.
    package init(
        result: ModelResult.Content,
        queueNanoseconds: UInt64,
        computeNanoseconds: UInt64,
        batchRows: Int
    ) {
        self.result = result
        self.queueNanoseconds = queueNanoseconds
        self.computeNanoseconds = computeNanoseconds
        self.batchRows = batchRows
    }
}

/// Runs the calls of one loaded model.
package final class ModelExecutor: Sendable {
    private let loaded: LoadedModel

    /// An executor for a model.
    package init(_ loaded: LoadedModel) {
        self.loaded = loaded
    }

    /// Runs one call of `rows` rows.
    ///
    /// - Throws: what the runtime throws.
    package func run(_ call: ModelCall, rows: Int) async throws -> Execution {
        let start = Clock.monotonicNanoseconds
        let content: ModelResult.Content
        if case .rows(let values, let count) = call.input, let runtime = loaded.rows {
            if runtime.placement == .own, count <= ServingLimits.inlineRows {
                content = .rows(try runtime.predict(values, count: count), count: count)
            } else {
                let outputs = try await BlockingWork.run { try runtime.predict(values, count: count) }
                content = .rows(outputs, count: count)
            }
        } else {
            content = try await loaded.runtime.infer(call).content
        }
        return Execution(
            result: content,
            queueNanoseconds: 0,
            computeNanoseconds: Clock.monotonicNanoseconds &- start,
            batchRows: rows
        )
    }

    /// Runs a small call on the caller's thread; nil when the model must not be called there or has no room now.
    ///
    /// - Throws: what the runtime throws.
    package func runNow(_ rows: [Float], count: Int) throws -> [Float]? {
        guard let runtime = loaded.rows, runtime.placement == .own, count <= ServingLimits.inlineRows else { return nil }
        return try runtime.predict(rows, count: count)
    }
}
