import Core
import Testing
import martlet

/// Following the stream of events: what is read, what is shown, when the server is asked again.
struct EventFollowTests {
    private func frames(_ text: String, pieces: Int = 1) throws -> [EventStreamParser.Frame] {
        var parser = EventStreamParser()
        var found: [EventStreamParser.Frame] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            found += try parser.take(bytes[start..<min(start + pieces, bytes.count)])
        }
        return found
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func framesComeInAnyPieces(pieces: Int) throws {
        let text =
            "retry: 1000\nid: 0\n\nid: 1\nevent: a\ndata: {\"x\": \"é\"}\n\n: still here\nid:2\n\r\nevent: b\r\n"
            + "data: one\r\ndata:two\r\n\r\ndata: never ended"
        #expect(
            try frames(text, pieces: pieces) == [
                .init(id: "0"), .init(id: "1", event: "a", data: "{\"x\": \"é\"}"), .init(id: "2"),
                .init(event: "b", data: "one\ntwo"),
            ]
        )
    }

    @Test func aFrameHasALimit() throws {
        let fits = "data:" + String(repeating: "x", count: FollowLimits.frameBytes - 5) + "\n\n"
        #expect(try frames(fits, pieces: 4096).count == 1)
        #expect(try frames(fits + fits, pieces: 4096).count == 2)
        #expect(throws: MartletError.self) { try frames("x" + fits, pieces: 4096) }
    }

    @Test func whatWasSeenIsNotShownAgain() {
        var follower = EventFollower(place: nil, limit: nil)
        func take(_ id: String?, _ event: String, _ data: String = "{}") -> EventFollower.Shown? {
            follower.take(.init(id: id, event: event, data: data))
        }
        #expect(follower.take(.init(id: "4")) == nil)
        #expect(follower.place == 4)
        #expect(take("4", "martlet.alias.moved") == nil)
        #expect(take("5", "martlet.alias.moved", "{\"a\": 1}") == .event(["a": 1]))
        #expect(take("5", "martlet.alias.moved") == nil)
        #expect(take("6", "martlet.alias.moved", "no JSON") == nil)
        guard case .note = take(nil, "martlet.stream.missing") else { return #expect(Bool(false)) }
        #expect(take(nil, "martlet.stream.end") == nil)
        #expect(follower.place == 6)
    }

    @Test func itEndsAfterSoMany() {
        var follower = EventFollower(place: 0, limit: 2)
        for id in 1...3 {
            let shown = follower.take(.init(id: "\(id)", event: "t", data: "{}"))
            #expect((shown == nil) == (id == 3))
            #expect(follower.isDone == (id >= 2))
        }
    }

    @Test func whoWasConnectedComesBack() {
        var stranger = EventFollower(place: nil, limit: nil)
        #expect(stranger.handle(.unreachable("nobody")) == .fail(.unavailable, "nobody"))
        var follower = EventFollower(place: nil, limit: nil)
        follower.connected()
        #expect(follower.handle(.refused(.notFound, "no")) == .fail(.notFound, "no"))
        var notes: [String?] = []
        var pauses: [Duration] = []
        for _ in 0..<10 {
            guard case .again(let pause, let note) = follower.handle(.unreachable("gone")) else {
                return #expect(Bool(false))
            }
            notes.append(note)
            pauses.append(pause)
        }
        #expect(notes.compactMap(\.self).count == 1)
        #expect(pauses == pauses.sorted() && pauses.last == .milliseconds(FollowLimits.pauseMilliseconds))
        follower.connected()
        #expect(follower.handle(.ended) == .again(after: pauses[0], note: nil))
        #expect(FollowLimits.silenceSeconds > 15)
    }
}
