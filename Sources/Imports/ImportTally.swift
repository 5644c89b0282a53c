package import Core
import Synchronization

/// How far an import is.
package struct ImportState: Sendable, Equatable {
    /// What the source has, as far as it was read.
    package internal(set) var counts: [ImportNoun: Int] = [:]
    /// The experiment under way.
    package internal(set) var experiment = ""
    /// Which experiment that is, from 1.
    package internal(set) var experimentIndex = 0
    /// Experiments in all.
    package internal(set) var experimentCount = 0
    /// Points that were written this time.
    package internal(set) var writtenPoints = 0
    /// Bytes of files that were written this time.
    package internal(set) var writtenBytes: Int64 = 0
    /// Runs that were there already.
    package internal(set) var unchangedRuns = 0
    /// When the import began.
    package internal(set) var began = Timestamp(milliseconds: 0)
}

/// Counts what the tasks of an import do.
final class ImportTally: Sendable {
    private struct Books {
        var state = ImportState()
        var problems: [String] = []
        var problemCount = 0
        /// Runs that are stored, with the number of their files.
        var runs: [(id: String, files: Int)] = []
        var loggedModels: [(id: String, files: Int)] = []
        var experiments: [String] = []
        var models: [(name: String, versions: [Int], aliases: [String])] = []
    }

    private let books = Mutex(Books())
    private let onProgress: @Sendable (ImportState) -> Void

    init(began: Timestamp, onProgress: @escaping @Sendable (ImportState) -> Void) {
        self.onProgress = onProgress
        books.withLock { $0.state.began = began }
    }

    func add(_ noun: ImportNoun, _ count: Int = 1) {
        guard count > 0 else { return }
        change { $0.state.counts[noun, default: 0] += count }
    }

    func problem(_ text: String) {
        change { books in
            books.problemCount += 1
            if books.problems.count < ImportsLimits.problems { books.problems.append(text) }
        }
    }

    func begin(experiment: String, index: Int, of count: Int) {
        change { books in
            books.state.experiment = experiment
            books.state.experimentIndex = index
            books.state.experimentCount = count
        }
    }

    func wrote(points: Int = 0, bytes: Int64 = 0) {
        change { books in
            books.state.writtenPoints += points
            books.state.writtenBytes += bytes
        }
    }

    func stored(run id: String, files: Int, isUnchanged: Bool) {
        change { books in
            books.runs.append((id, files))
            if isUnchanged { books.state.unchangedRuns += 1 }
        }
    }

    func stored(loggedModel id: String, files: Int) {
        change { $0.loggedModels.append((id, files)) }
    }

    func stored(experiment id: String) {
        change { $0.experiments.append(id) }
    }

    func stored(model name: String, versions: [Int], aliases: [String]) {
        change { $0.models.append((name, versions, aliases)) }
    }

    private func change(_ body: (inout Books) -> Void) {
        onProgress(
            books.withLock { books in
                body(&books)
                return books.state
            }
        )
    }

    var state: ImportState { books.withLock(\.state) }
    var problems: (texts: [String], count: Int) { books.withLock { ($0.problems, $0.problemCount) } }
    var runs: [(id: String, files: Int)] { books.withLock(\.runs) }
    var loggedModels: [(id: String, files: Int)] { books.withLock(\.loggedModels) }
    var experiments: [String] { books.withLock(\.experiments) }
    var models: [(name: String, versions: [Int], aliases: [String])] { books.withLock(\.models) }
}
