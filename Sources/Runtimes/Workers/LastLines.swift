import Synchronization

/// The last lines of a command's output, from any thread.
final class LastLines: Sendable {
    private let lines = Mutex<[String]>([])

    /// Notes a line; the oldest is forgotten when there are too many.
    func note(_ line: String) {
        lines.withLock { lines in
            if lines.count == WorkerLimits.tailLines { lines.removeFirst() }
            lines.append(line)
        }
    }

    /// The last lines that say something of an error, else the last one.
    var text: String {
        lines.withLock { lines in
            let errors = lines.filter { $0.lowercased().contains("error") }.suffix(3)
            return errors.isEmpty ? lines.last ?? "it said nothing" : errors.joined(separator: " / ")
        }
    }
}
