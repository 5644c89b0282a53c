import Core

/// Makes inputs and tries them until time is up: the same seed makes the same inputs in the same order.
struct FuzzLoop {
    /// What a run came to.
    struct Report {
        /// Inputs that were tried.
        var executions = 0
        /// Inputs that were kept because they were taken in a new way.
        var kept = 0
        /// The longest time that one input took, in seconds.
        var slowest = 0.0
    }

    /// Most inputs that are kept to be changed further; then old ones make room.
    static let keptInputs = 2000
    /// Longest time that one input may take of the processor, in seconds.
    static let inputSeconds = 5.0

    private let target: FuzzTarget
    private let trial: Trial
    private let slot: InputSlot?
    private var mutator: Mutator
    private var corpus: [[UInt8]]
    private var seen: Set<UInt64> = []
    private var report = Report()

    /// Prepares a run.
    init(_ target: FuzzTarget, seed: UInt64, corpus: [[UInt8]], slot: InputSlot?) async throws {
        self.target = target
        self.slot = slot
        trial = try await Trial(target)
        self.corpus = corpus.isEmpty ? [[]] : corpus
        mutator = Mutator(seed: seed, words: target.words, forms: target.forms, longest: target.longest)
    }

    /// Tries the inputs to begin with, then changed ones.
    ///
    /// - Throws: `Violation` at the first input that breaks a rule.
    mutating func run(seconds: Double, executions: Int = .max) async throws(Violation) -> Report {
        let end = Clock.monotonicNanoseconds + UInt64(seconds * 1e9)
        for input in corpus { _ = try await tried(input) }
        // The inputs to begin with may outlast the time; some changed ones are tried all the same.
        while report.executions < executions,
            Clock.monotonicNanoseconds < end || report.executions < corpus.count + 100
        {
            let input = mutator.input(from: corpus)
            if try await tried(input) { keep(input) }
        }
        report.kept = corpus.count
        return report
    }

    /// Tries an input; true when it was taken in a new way.
    private mutating func tried(_ input: [UInt8]) async throws(Violation) -> Bool {
        report.executions += 1
        slot?.note(input, number: report.executions)
        let start = ProcessorTime.seconds
        let way = try await trial.run(input)
        let taken = ProcessorTime.seconds - start
        report.slowest = max(report.slowest, taken)
        guard taken <= Self.inputSeconds else { throw Violation("it takes \(taken) s of the processor") }
        return seen.insert(way).inserted
    }

    private mutating func keep(_ input: [UInt8]) {
        if corpus.count < Self.keptInputs {
            corpus.append(input)
        } else {
            corpus[mutator.number(below: corpus.count)] = input
        }
    }
}
