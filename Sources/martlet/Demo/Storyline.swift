package import Core

/// One thing that the demo shows, and whether it came about.
package struct StorylineStep: Sendable, Equatable {
    /// What happened, in the past tense, with its figures.
    package let title: String
    /// Whether the outcome was the intended one.
    package let isReached: Bool
    /// How long it took.
    package let duration: Duration
}

/// The demo's record: steps in order with their durations.
package struct Storyline: Sendable {
    /// The steps so far.
    package private(set) var steps: [StorylineStep] = []
    private let start: Timestamp
    private var last: Timestamp

    /// Starts the record.
    package init(start: Timestamp) {
        self.start = start
        last = start
    }

    /// Adds a step that ended at `now`; it began when the one before ended.
    package mutating func add(_ title: String, isReached: Bool, now: Timestamp) {
        steps.append(StorylineStep(title: title, isReached: isReached, duration: now - last))
        last = now
    }

    /// Whether there are as many steps as planned, all reached.
    package func isComplete(planned: Int) -> Bool {
        steps.count == planned && steps.allSatisfy(\.isReached)
    }

    /// The timeline as lines of text: a mark, the title, the duration and the time since the start.
    package func timeline() -> [String] {
        let width = steps.map(\.title.count).max() ?? 0
        var elapsed = Duration.zero
        return steps.map { step in
            elapsed += step.duration
            let title = step.title + String(repeating: " ", count: width - step.title.count)
            return "\(step.isReached ? "✓" : "✗") \(title)  \(Self.seconds(step.duration))  \(Self.seconds(elapsed))"
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = duration.wholeMilliseconds / 100
        let text = "\(tenths / 10).\(tenths % 10) s"
        return String(repeating: " ", count: max(0, 8 - text.count)) + text
    }
}
