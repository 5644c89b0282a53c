import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The command line: `list`, `run TARGET …`, `check TARGET FILE…` and `cover TARGET …`.
///
/// It tries inputs in this process and ends with it; `scripts/fuzz` starts it, watches it and keeps what broke it.
@main
enum FuzzCommand {
    private static let usage = """
        usage: Fuzzing list
               Fuzzing run TARGET [--seed N] [--seconds S] [--executions N] [--slot FILE] [--corpus DIRECTORY]
               Fuzzing check TARGET FILE…
               Fuzzing seeds TARGET DIRECTORY
               Fuzzing cover TARGET [libFuzzer's options]
        """

    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        do {
            switch words.first {
            case "list": list()
            case "run": try await run(Arguments(words.dropFirst()))
            case "check": try await check(Arguments(words.dropFirst()))
            case "seeds": try writeSeeds(Arguments(words.dropFirst()))
            case "cover": try await CoverageRun.run(Arguments(words.dropFirst()))
            default:
                Output.error(usage)
                exit(64)
            }
        } catch let violation as Violation {
            Output.error("violation: \(violation)")
            exit(1)
        } catch {
            Output.error("error: \(error)")
            exit(70)
        }
    }

    private static func list() {
        for target in FuzzTarget.all { Output.line("\(target.name)\t\(target.summary)") }
    }

    private static func run(_ arguments: Arguments) async throws {
        let target = try arguments.target()
        let slot = arguments.option("--slot").flatMap { InputSlot(path: $0, longest: target.longest) }
        let kept = arguments.option("--corpus").map(InputFiles.read) ?? []
        var loop = try await FuzzLoop(
            target,
            seed: arguments.number("--seed", or: 1),
            corpus: target.startingInputs + kept,
            slot: slot
        )
        let report = try await loop.run(
            seconds: Double(arguments.number("--seconds", or: 60)),
            executions: Int(clamping: arguments.number("--executions", or: UInt64(Int.max)))
        )
        Output.line("\(report.executions) inputs, \(report.kept) ways, slowest \(Int(report.slowest * 1000)) ms")
    }

    private static func check(_ arguments: Arguments) async throws {
        let target = try arguments.target()
        let trial = try await Trial(target)
        for path in arguments.names.dropFirst() {
            guard let input = InputFiles.contents(of: path) else {
                throw MartletError(.notFound, "There is no file '\(path)'.")
            }
            let start = ProcessorTime.seconds
            _ = try await trial.run(input)
            let taken = ProcessorTime.seconds - start
            try require(taken <= FuzzLoop.inputSeconds, "it takes \(taken) s of the processor")
        }
    }

    private static func writeSeeds(_ arguments: Arguments) throws {
        let target = try arguments.target()
        guard let directory = arguments.names.dropFirst().first else {
            throw MartletError(.invalidArgument, "Name the directory for the inputs.")
        }
        try InputFiles.write(target.startingInputs, to: directory)
    }
}

/// Words of the command line: names, and options with a value each.
struct Arguments {
    /// The words as they came.
    let words: [String]
    /// What is neither an option nor its value.
    let names: [String]
    private let options: [String: String]

    init(_ words: some Sequence<String>) {
        var names: [String] = []
        var options: [String: String] = [:]
        var option: String?
        self.words = Array(words)
        for word in self.words {
            if let name = option {
                options[name] = word
                option = nil
            } else if word.hasPrefix("--") {
                option = word
            } else {
                names.append(word)
            }
        }
        self.names = names
        self.options = options
    }

    /// The value of an option.
    func option(_ name: String) -> String? { options[name] }

    /// The number that an option names.
    func number(_ name: String, or fallback: UInt64) throws(MartletError) -> UInt64 {
        guard let text = options[name] else { return fallback }
        guard let number = UInt64(text) else {
            throw MartletError(.invalidArgument, "\(name) must be a whole number, but is '\(text)'.")
        }
        return number
    }

    /// The target that the first name means.
    func target() throws(MartletError) -> FuzzTarget {
        guard let name = names.first, let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            throw MartletError(.notFound, "Name a target; `Fuzzing list` shows them.")
        }
        return target
    }
}

/// The terminal.
enum Output {
    /// Writes a line.
    static func line(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes a line to the standard error.
    static func error(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to file: Int32) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
