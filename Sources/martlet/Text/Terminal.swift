import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where a command writes: results to standard output, everything else to standard error.
package struct Terminal: Sendable {
    /// Columns that a table may take; nil when output goes to a file or pipe, where nothing is cut.
    package let width: Int?
    /// Whether words may be coloured.
    package let colours: Bool
    private let output: @Sendable (String) -> Void
    private let errors: @Sendable (String) -> Void

    /// A terminal that writes through functions.
    package init(
        width: Int?,
        colours: Bool,
        output: @escaping @Sendable (String) -> Void,
        errors: @escaping @Sendable (String) -> Void
    ) {
        self.width = width
        self.colours = colours
        self.output = output
        self.errors = errors
    }

    /// The process's own streams.
    package static let standard: Terminal = {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(STDOUT_FILENO) == 1
        return Terminal(
            width: isTerminal ? currentWidth(environment) : nil,
            colours: isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb",
            output: { write($0, to: FileHandle.standardOutput) },
            errors: { write($0, to: FileHandle.standardError) }
        )
    }()

    /// Writes a line of the result.
    package func line(_ text: String = "") {
        output(text + "\n")
    }

    /// Writes a line about the work itself, which a pipe does not see.
    package func note(_ text: String) {
        errors(text + "\n")
    }

    /// The text in a colour, where colours are wanted.
    package func paint(_ text: String, _ colour: Colour) -> String {
        colours ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The colours that carry meaning.
    package enum Colour: Int, Sendable {
        case bold = 1
        case dim = 2
        case bad = 31
        case good = 32
        case busy = 33
    }

    /// Writes to a stream; when nobody reads it any more (`martlet … | head`) the text has no reader to miss it.
    static func write(_ text: String, to stream: FileHandle) {
        try? stream.write(contentsOf: Data(text.utf8))
    }

    private static func currentWidth(_ environment: [String: String]) -> Int {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        return width(reported: isKnown ? Int(size.ws_col) : 0, columns: environment["COLUMNS"])
    }

    /// The width that the terminal reports, or else that `COLUMNS` names, or else the default.
    package static func width(reported: Int, columns: String?) -> Int {
        if reported > 0 { return reported }
        return columns.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? CommandLimits.defaultWidth
    }
}
