import Core
import Yams

/// Finds the line of a YAML text that an error's message speaks of.
///
/// Readers of sections know fields and no lines; so the field that a message names is looked up afterwards, which
/// costs nothing as long as nothing is wrong.
enum YAMLPlace {
    /// The error with file and line before its message, as compilers write them.
    ///
    /// - Parameters:
    ///   - error: what a reader of the document said; its message names a field in quotes.
    ///   - text: the file's text.
    ///   - file: the file's name for people.
    ///   - document: which of the file's documents was read, from 0; nil asks all of them.
    /// - Returns: the error as it is when no line can be told.
    static func locating(_ error: MartletError, in text: String, file: String, document: Int? = nil) -> MartletError {
        guard let line = line(of: error.message, in: text, document: document) else { return error }
        return MartletError(
            error.code,
            "\(file):\(line): \(error.message)",
            cause: error.cause,
            retryAfterSeconds: error.retryAfterSeconds
        )
    }

    private static func line(of message: String, in text: String, document: Int?) -> Int? {
        guard let documents = try? Yams.compose_all(yaml: text) else { return nil }
        var best: (depth: Int, line: Int)?
        let names = quoted(message)
        for (position, root) in documents.enumerated() where document == nil || document == position {
            for name in names {
                let found = find(name[...], in: root)
                if let line = found.line, found.depth > best?.depth ?? 0 { best = (found.depth, line) }
                // The first name is what the message is about; later ones only help when it is not in the text.
                if found.depth > 0 { break }
            }
        }
        return best?.line
    }

    /// What stands in single quotes.
    private static func quoted(_ message: String) -> [String] {
        let parts = message.split(separator: "'", omittingEmptySubsequences: false)
        return stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }
    }

    /// Follows a path as far as it leads.
    private static func find(_ path: Substring, in node: Node) -> (depth: Int, line: Int?) {
        switch node {
        case .mapping(let mapping):
            var best: (depth: Int, line: Int?) = (0, nil)
            for (key, value) in mapping {
                guard case .scalar(let scalar) = key, let rest = remainder(of: path, after: scalar.string) else {
                    continue
                }
                let below = find(rest, in: value)
                guard below.depth + 1 > best.depth else { continue }
                best = (below.depth + 1, below.line ?? scalar.mark?.line)
            }
            return best
        case .sequence(let sequence):
            guard path.first == "[", let end = path.firstIndex(of: "]"),
                let index = Int(path[path.index(after: path.startIndex)..<end]), sequence.indices.contains(index)
            else { return (0, nil) }
            var rest = path[path.index(after: end)...]
            if rest.first == "." { rest = rest.dropFirst() }
            let below = find(rest, in: sequence[index])
            return (below.depth + 1, below.line ?? sequence[index].mark?.line)
        case .scalar, .alias: return (0, nil)
        }
    }

    private static func remainder(of path: Substring, after key: String) -> Substring? {
        guard !key.isEmpty, path.hasPrefix(key) else { return nil }
        let rest = path.dropFirst(key.count)
        switch rest.first {
        case nil, "[": return rest
        case ".": return rest.dropFirst()
        default: return nil
        }
    }
}
