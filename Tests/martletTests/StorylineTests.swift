import Core
import Synchronization
import TestSupport
import Testing
import martlet

@Suite struct StorylineTests {
    @Test func aStorylineIsCompleteOnlyWithAllStepsReached() {
        let start = Timestamp(milliseconds: 0)
        var story = Storyline(start: start)
        story.add("one", isReached: true, now: start + .seconds(2))
        #expect(!story.isComplete(planned: 2))
        story.add("second", isReached: true, now: start + .milliseconds(3500))
        #expect(story.isComplete(planned: 2))
        #expect(story.timeline() == ["✓ one        2.0 s     2.0 s", "✓ second     1.5 s     3.5 s"])
        story.add("third", isReached: false, now: start + .seconds(4))
        #expect(!story.isComplete(planned: 3))
    }

    @Test func recalibrationChangesTheTwoInstrumentsOnly() {
        let names = ["mean radius", "mean texture", "worst area", "error concave points", "target"]
        let recalibration = Recalibration(features: names)
        #expect(recalibration.changedCount == 3)
        let row = recalibration.apply(to: [10, 10, 100, 1, 1])
        #expect(row == [12, 10, 144, 1.42, 1])
    }

    @Test func poolsNeverShareARowAndRepeatInOrder() throws {
        let rows = (0..<30).map { [JSONValue.int($0), .int($0 % 2)] }
        var traffic = try TrafficRows(columns: ["x", "target"], rows: rows, target: "target", seed: 1)
        #expect(traffic.features == ["x"])
        let first = (0..<40).compactMap { _ in traffic.next(from: .first)?.features.first }
        let second = (0..<20).compactMap { _ in traffic.next(from: .second)?.features.first }
        #expect(Set(first).count == 20)
        #expect(Array(first[..<20]) == Array(first[20...]))
        #expect(Set(first).isDisjoint(with: second))
        #expect(Set(first).union(second) == Set((0..<30).map(Double.init)))
        #expect(throws: MartletError.self) { try TrafficRows(columns: ["x"], rows: rows, target: "y", seed: 1) }
        #expect(throws: MartletError.self) { try TrafficRows(columns: ["x", "y"], rows: [], target: "y", seed: 1) }
    }

    @Test func barsAreRedrawnOnATerminalAndLoggedElsewhere() {
        let bar = DemoScreen.Bar(name: "tune", fraction: 0.5, message: "trial 10 of 20")
        for isTerminal in [true, false] {
            let written = Mutex<[String]>([])
            let screen = DemoScreen(clock: ManualClock().clock, isTerminal: isTerminal) { text in
                written.withLock { $0.append(text) }
            }
            screen.show([bar])
            screen.show([bar])
            screen.line("done")
            let texts = written.withLock { $0 }
            #expect(texts.last?.hasSuffix("done\n") == true)
            #expect(texts.count == (isTerminal ? 3 : 2))
            #expect(texts.joined().contains("\u{1B}[1A") == isTerminal)
        }
    }
}
