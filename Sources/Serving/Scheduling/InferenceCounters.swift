/// What became of the requests for one version since the server started, as Triton counts it.
package struct InferenceCounters: Sendable, Equatable {
    /// A number of events and the time they took together.
    package struct Time: Sendable, Equatable {
        /// Events.
        package private(set) var count: UInt64 = 0
        /// Nanoseconds.
        package private(set) var nanoseconds: UInt64 = 0

        mutating func add(_ time: UInt64) {
            count &+= 1
            nanoseconds &+= time
        }

        mutating func add(_ other: Time) {
            count &+= other.count
            nanoseconds &+= other.nanoseconds
        }
    }

    /// The phases of one batch size.
    package struct BatchTimes: Sendable, Equatable {
        /// Before the model.
        package fileprivate(set) var input = Time()
        /// The model.
        package fileprivate(set) var infer = Time()
        /// After the model.
        package fileprivate(set) var output = Time()

        fileprivate mutating func add(_ phases: Phases, infer nanoseconds: UInt64) {
            input.add(phases.input)
            infer.add(nanoseconds)
            output.add(phases.output)
        }
    }

    /// What a request took, in nanoseconds.
    struct Phases {
        /// From the first look at the request to the queue.
        var input: UInt64
        /// From the model's answer to its record.
        var output: UInt64
        /// All of it.
        var total: UInt64
    }

    /// Why a request failed, in Triton's words.
    package enum Failure: String, Sendable, CaseIterable {
        /// Turned away before it ran.
        case rejected = "REJECTED"
        /// Its caller has gone.
        case canceled = "CANCELED"
        /// The model failed.
        case backend = "BACKEND"
        /// Anything else, such as inputs that the model does not take.
        case other = "OTHER"
    }

    /// Answered requests.
    package private(set) var success = Time()
    /// Requests that were not answered.
    package private(set) var failure = Time()
    /// Waiting of answered requests.
    package private(set) var queue = Time()
    /// Checking and routing of answered requests.
    package private(set) var computeInput = Time()
    /// The model's work for answered requests.
    package private(set) var computeInfer = Time()
    /// Checking of answers.
    package private(set) var computeOutput = Time()
    /// Rows.
    package private(set) var inferences: UInt64 = 0
    /// Calls of the model.
    package private(set) var executions: UInt64 = 0
    /// When the model was asked last, in milliseconds since 1970; 0 for never.
    package private(set) var lastInference: Int64 = 0
    /// Calls of the model of few rows, by their rows, found without hashing; empty before the first.
    private var small: [BatchTimes] = []
    /// Calls of the model of more rows, by powers of two.
    private var large: [Int: BatchTimes] = [:]
    /// Requests that were not answered, by reason.
    package private(set) var failures: [Failure: UInt64] = [:]
    /// Requests that were turned away before they ran, by reason.
    package private(set) var refusals: [ExecutorRefusal.Reason: UInt64] = [:]
    /// How long answered requests waited, in nanoseconds.
    package private(set) var waits = PowerCounts()
    /// How long the model worked for answered requests, in nanoseconds.
    package private(set) var computes = PowerCounts()
    /// Rows of the calls of the model.
    package private(set) var batchRows = PowerCounts()
    /// What came before the model for answered requests, in nanoseconds.
    package private(set) var inputs = PowerCounts()
    /// What came after the model for answered requests, in nanoseconds.
    package private(set) var outputs = PowerCounts()

    /// Nothing happened yet.
    package init() {}

    mutating func answered(_ execution: Execution, rows: Int, _ phases: Phases, milliseconds now: Int64) {
        success.add(phases.total)
        queue.add(execution.queueNanoseconds)
        computeInput.add(phases.input)
        computeInfer.add(execution.computeNanoseconds)
        computeOutput.add(phases.output)
        waits.record(execution.queueNanoseconds)
        computes.record(execution.computeNanoseconds)
        inputs.record(phases.input)
        outputs.record(phases.output)
        inferences &+= UInt64(max(0, rows))
        lastInference = now
        guard execution.leads else { return }
        executions &+= 1
        batchRows.record(UInt64(max(0, execution.batchRows)))
        let size = Self.listedSize(execution.batchRows)
        guard size <= ServingLimits.exactBatchSizes else {
            return large[size, default: BatchTimes()].add(phases, infer: execution.computeNanoseconds)
        }
        if small.isEmpty { small = [BatchTimes](repeating: BatchTimes(), count: ServingLimits.exactBatchSizes + 1) }
        small[size].add(phases, infer: execution.computeNanoseconds)
    }

    /// The calls of the model by their rows, smallest first; see `ServingLimits.exactBatchSizes`.
    package var batches: [(size: Int, times: BatchTimes)] {
        small.enumerated().filter { $1.infer.count > 0 }.map { (size: $0, times: $1) }
            + large.sorted { $0.key < $1.key }.map { (size: $0.key, times: $0.value) }
    }

    mutating func failed(_ reason: Failure, _ refusal: ExecutorRefusal.Reason?, total: UInt64, milliseconds now: Int64)
    {
        failure.add(total)
        failures[reason, default: 0] &+= 1
        lastInference = now
        if let refusal { refusals[refusal, default: 0] &+= 1 }
    }

    /// Adds what became of the requests for another version, but for the list of batch sizes.
    mutating func add(_ other: InferenceCounters) {
        success.add(other.success)
        failure.add(other.failure)
        queue.add(other.queue)
        computeInput.add(other.computeInput)
        computeInfer.add(other.computeInfer)
        computeOutput.add(other.computeOutput)
        inferences &+= other.inferences
        executions &+= other.executions
        lastInference = max(lastInference, other.lastInference)
        failures.merge(other.failures) { $0 &+ $1 }
        refusals.merge(other.refusals) { $0 &+ $1 }
        waits.add(other.waits)
        computes.add(other.computes)
        batchRows.add(other.batchRows)
        inputs.add(other.inputs)
        outputs.add(other.outputs)
    }

    /// The size under which a call of so many rows is listed.
    package static func listedSize(_ rows: Int) -> Int {
        guard rows > ServingLimits.exactBatchSizes else { return max(0, rows) }
        let bits = Int.bitWidth - (rows - 1).leadingZeroBitCount
        return bits < Int.bitWidth - 1 ? 1 << bits : rows
    }
}
