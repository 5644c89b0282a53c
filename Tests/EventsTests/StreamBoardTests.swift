import Core
import Events
import TestSupport
import Testing

@Suite("Events: who reads live")
struct StreamBoardTests {
    private let start = Timestamp(milliseconds: 0)

    @Test("So many streams at once, and one that closes makes room")
    func places() throws {
        var board = StreamBoard()
        let ids = try (0..<EventsLimits.streams).map { _ in try board.open(now: start) }
        #expect(board.count == EventsLimits.streams && Set(ids).count == ids.count)
        let error = #expect(throws: MartletError.self) { try board.open(now: start) }
        #expect(error?.code == .resourceExhausted && error?.retryAfterSeconds != nil)
        board.close(ids[0])
        _ = try board.open(now: start)
    }

    @Test("A reader that does not take what it is sent is dropped and its place is free; one that waits is not")
    func slow() throws {
        var board = StreamBoard()
        let (slow, idle) = (try board.open(now: start), try board.open(now: start))
        board.mark(slow, isWriting: true, now: start)
        board.mark(idle, isWriting: true, now: start)
        board.mark(idle, isWriting: false, now: start)
        let limit = start + .seconds(EventsLimits.slowSeconds)
        board.sweep(now: limit)
        #expect(board.ending(of: slow) == nil)
        board.sweep(now: limit + .milliseconds(1))
        #expect(board.ending(of: slow) == .slow && board.ending(of: idle) == nil && board.count == 1)
        board.close(slow)
        #expect(board.ending(of: slow) == nil)
    }

    @Test("A stream ends after its time, and every one when the server stops")
    func endings() throws {
        var board = StreamBoard()
        let old = try board.open(now: start)
        let young = try board.open(now: start + .seconds(10))
        board.sweep(now: start + .seconds(EventsLimits.streamSeconds) + .milliseconds(1))
        #expect(board.ending(of: old) == .old && board.ending(of: young) == nil)
        board.stop()
        #expect(board.ending(of: young) == .stopping && board.ending(of: old) == .old)
        let error = #expect(throws: MartletError.self) { try board.open(now: start) }
        #expect(error?.code == .unavailable)
        #expect(StreamBoard.Ending.allCases.allSatisfy { $0.message.contains("Last-Event-ID") })
    }
}
