import Core

/// One parser under test: inputs to begin with, how they are changed, and what must hold for every input.
struct FuzzTarget: Sendable {
    /// Looks at one input and says in what way it was taken, as a number; 0 when there is nothing to tell apart.
    ///
    /// Inputs that are taken in a new way are kept and changed further. A `MartletError` is a refusal and fine, unless
    /// its code says that the fault is the server's; any other error is a failure. The bytes end where memory ends, so
    /// that a parser that reads past them is ended by the processor.
    typealias Check = @Sendable (UnsafeRawBufferPointer) async throws -> UInt64

    /// The name on the command line.
    let name: String
    /// What is read, in a few words.
    let summary: String
    /// Inputs to begin with.
    var seeds: [[UInt8]]
    /// Further ones, as files below the working directory; those that are missing are left out.
    var seedFiles: [String] = []
    /// Words of the language.
    var words: [String] = []
    /// What the inputs are made of, for changes that keep their form.
    var forms: [InputForm] = [.bytes]
    /// Longest input that is made, in bytes.
    var longest = 4096
    /// Makes what the check needs, once.
    let prepare: @Sendable () async throws -> Check

    /// A target that needs nothing prepared.
    init(
        _ name: String,
        _ summary: String,
        seeds: [String],
        words: [String] = [],
        forms: [InputForm] = [.bytes],
        longest: Int = 4096,
        check: @escaping Check
    ) {
        self.init(name, summary, seeds: seeds, words: words, forms: forms, longest: longest, prepare: { check })
    }

    /// A target that prepares what its check needs.
    init(
        _ name: String,
        _ summary: String,
        seeds: [String],
        words: [String] = [],
        forms: [InputForm] = [.bytes],
        longest: Int = 4096,
        prepare: @escaping @Sendable () async throws -> Check
    ) {
        self.name = name
        self.summary = summary
        self.seeds = seeds.map { Array($0.utf8) }
        self.words = words
        self.forms = forms
        self.longest = longest
        self.prepare = prepare
    }
}

/// What inputs are made of.
enum InputForm: Sendable {
    /// Nothing that is known.
    case bytes
    /// Words, numbers, quoted texts and signs.
    case text
    /// JSON.
    case json
    /// Fields of Protocol Buffers.
    case message
}

/// A rule that an input broke.
struct Violation: Error, CustomStringConvertible {
    let description: String

    /// Names the rule.
    init(_ description: String) {
        self.description = description
    }
}

/// Throws unless the rule holds.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Violation) {
    guard holds else { throw Violation(rule()) }
}
