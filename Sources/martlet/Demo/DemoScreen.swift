package import Core
import Foundation
import Synchronization

/// The demo's terminal: lines that stay, and below them bars that move while something is under way.
///
/// On a terminal the bars are redrawn in place; elsewhere each bar prints a line per quarter, so logs stay readable.
package final class DemoScreen: Sendable {
    /// One piece of work under way.
    package struct Bar: Sendable, Equatable {
        /// What it is called.
        package let name: String
        /// How far it is, 0…1.
        package let fraction: Double
        /// What it does.
        package let message: String

        /// Makes a bar.
        package init(name: String, fraction: Double, message: String) {
            self.name = name
            self.fraction = fraction
            self.message = message
        }
    }

    private struct State {
        var drawn = 0
        var quarters: [String: Int] = [:]
    }

    private let isTerminal: Bool
    private let start: Timestamp
    private let clock: Clock
    private let write: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// A screen on standard output.
    package init(clock: Clock) {
        self.clock = clock
        start = clock.now
        isTerminal = isatty(STDOUT_FILENO) == 1
        write = { Terminal.write($0, to: FileHandle.standardOutput) }
    }

    /// A screen that writes elsewhere, for tests.
    package init(clock: Clock, isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
        self.clock = clock
        start = clock.now
        self.isTerminal = isTerminal
        self.write = write
    }

    /// Prints a line that stays, with the time since the start.
    package func line(_ text: String) {
        let tenths = (clock.now - start).wholeMilliseconds / 100
        let time = "\(tenths / 10).\(tenths % 10)s"
        plain(String(repeating: " ", count: max(0, 7 - time.count)) + time + "  " + text)
    }

    /// Prints a line that stays.
    package func plain(_ text: String) {
        state.withLock { state in
            write(erase(&state) + text + "\n")
        }
    }

    /// Shows what is under way, in place of what was shown before.
    package func show(_ bars: [Bar]) {
        state.withLock { state in
            guard isTerminal else { return logQuarters(bars, &state) }
            let text = erase(&state) + bars.map { Self.text(of: $0) + "\n" }.joined()
            state.drawn = bars.count
            write(text)
        }
    }

    private func erase(_ state: inout State) -> String {
        defer { state.drawn = 0 }
        return state.drawn > 0 ? "\u{1B}[\(state.drawn)A\u{1B}[J" : ""
    }

    private func logQuarters(_ bars: [Bar], _ state: inout State) {
        for bar in bars {
            let quarter = Int((bar.fraction * 4).rounded(.down))
            guard quarter > state.quarters[bar.name, default: 0] else { continue }
            state.quarters[bar.name] = quarter
            write(Self.text(of: bar) + "\n")
        }
    }

    private static func text(of bar: Bar) -> String {
        let width = 28
        let filled = Int((min(1, max(0, bar.fraction)) * Double(width)).rounded())
        let drawing = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let name = bar.name + String(repeating: " ", count: max(0, 16 - bar.name.count))
        let percent = "\(Int((min(1, max(0, bar.fraction)) * 100).rounded()))%"
        let padded = String(repeating: " ", count: max(0, 4 - percent.count)) + percent
        return "          \(name) \(drawing) \(padded)  \(bar.message.prefix(60))"
    }
}
