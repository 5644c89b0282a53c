import Foundation
import Testing

/// A regular expression over one line; a malformed one is reported as a failure and matches nothing.
struct LinePattern: Sendable {
    private let expression: NSRegularExpression?

    /// Compiles the expression.
    init(_ text: String) {
        do {
            expression = try NSRegularExpression(pattern: text)
        } catch {
            Issue.record("the pattern \(text) is malformed: \(error)")
            expression = nil
        }
    }

    /// True when some part of the line matches.
    func matches(_ line: String) -> Bool {
        let whole = NSRange(line.startIndex..., in: line)
        return expression?.firstMatch(in: line, range: whole) != nil
    }
}
