import NIOCore
import NIOEmbedded
import Testing

import HTTPSupport

@Suite struct LaneHandlerTests {
    private static let fast = "POST /fast HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n"

    @Test func theLaneAnswersAndTheRouterHearsNothing() throws {
        let lane = try LanePipeline()
        for _ in 0..<3 {
            lane.send(Self.fast + "ab")
            let answer = lane.answers()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nab"))
        }
        #expect(lane.router.requests == 0)
    }

    @Test func whatTheLaneDeclinesTheRouterAnswers() throws {
        let lane = try LanePipeline()
        for (body, host) in [("!b", "127.0.0.1"), ("ab", "evil.example")] {
            lane.send("POST /fast HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 2\r\n\r\n\(body)")
            #expect(lane.answers().hasSuffix(body))
        }
        #expect(lane.router.requests == 2)
        lane.send(Self.fast + "ab")
        #expect(lane.router.requests == 2, "the lane has the connection again")
    }

    /// The same bytes, cut in any way, must get the same answers with the lane and without it.
    @Test func theLaneChangesNoAnswerOfAnyStream() throws {
        var random = SeededNumbers(seed: 7)
        var byLane = 0
        for round in 0..<3000 {
            let count = Int.random(in: 1...4, using: &random)
            let requests = (0..<count).map { _ in LaneStreams.request(&random) }
            let pieces = LaneStreams.cut(requests.flatMap { $0 }, &random)
            let (with, without) = (try LanePipeline(), try LanePipeline(hasLane: false))
            for piece in pieces {
                with.send(piece)
                without.send(piece)
            }
            for pipeline in [with, without] where pipeline.channel.isActive {
                pipeline.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
            let (expected, got) = (without.answers(), with.answers())
            #expect(got == expected, "round \(round): \(pieces.map { String(decoding: $0, as: UTF8.self) })")
            #expect(with.channel.isActive == without.channel.isActive)
            byLane += without.router.requests - with.router.requests
            _ = try? with.channel.finish()
            _ = try? without.channel.finish()
        }
        #expect(byLane > 500, "the lane answered too few of them to prove anything")
    }

    @Test func aHeadThatTricklesIsCut() throws {
        let lane = try LanePipeline()
        for (index, byte) in Self.fast.utf8.enumerated() where lane.channel.isActive && index < 31 {
            lane.send([byte])
            lane.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(!lane.channel.isActive)
    }

    @Test func aBodyThatStandsStillIsCutInBothLanes() throws {
        for target in ["/fast", "/slow"] {
            let lane = try LanePipeline()
            lane.send("POST \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nab")
            lane.channel.embeddedEventLoop.advanceTime(by: .seconds(25))
            #expect(lane.channel.isActive)
            lane.channel.embeddedEventLoop.advanceTime(by: .seconds(15))
            #expect(!lane.channel.isActive)
        }
    }

    @Test func aChunkedBodyThatStandsStillIsCut() throws {
        let lane = try LanePipeline()
        lane.send("POST /slow HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        lane.channel.embeddedEventLoop.advanceTime(by: .seconds(40))
        #expect(!lane.channel.isActive)
    }

    @Test func aConnectionMayRestAndAnAnswerMayTakeLong() throws {
        let lane = try LanePipeline(isPrompt: false)
        lane.channel.embeddedEventLoop.advanceTime(by: .seconds(Int64(LaneLimits.restSeconds) - 10))
        #expect(lane.channel.isActive)
        lane.send("GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        lane.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(lane.channel.isActive)
    }

    @Test func stoppingLetsARequestOnItsWayBeAnswered() throws {
        let lane = try LanePipeline()
        lane.send(Self.fast)
        lane.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        lane.send("ab")
        #expect(lane.answers().contains("Connection: close\r\n"))
        #expect(!lane.channel.isActive)
    }

    @Test func stoppingClosesAConnectionThatRests() throws {
        let lane = try LanePipeline()
        lane.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(lane.channel.isActive)
        lane.channel.embeddedEventLoop.advanceTime(by: .milliseconds(LaneLimits.drainMilliseconds))
        #expect(!lane.channel.isActive)
    }

    @Test func stoppingWaitsForTheRoutersAnswer() throws {
        let lane = try LanePipeline(isPrompt: false)
        lane.send("GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        lane.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        lane.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(lane.channel.isActive)
        lane.router.respond(try lane.channel.pipeline.syncOperations.context(handler: lane.router))
        #expect(lane.answers().contains("Connection: close\r\n"))
        #expect(!lane.channel.isActive)
    }

    @Test(
        arguments: [
            ("GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n", "400"),
            ("GET /slow HTTP/1.1\r\n\r\n", "400"), ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
            ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "400"), ("\u{16}\u{3}\u{1}\u{2}\u{0}", "400"),
            ("GET /slow HTTP/9.9\r\nHost: a\r\n\r\n", "505"),
            ("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "400"),
            ("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\na", "400"),
            ("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\na", "400"),
            ("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n", "400"),
            ("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\na\r\n", "400"),
            ("POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000000000000000\r\na\r\n", "400"),
            ("GET /slow HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", "400"),
        ]
    )
    func malformedRequestsAreRefusedAndTheConnectionEnds(text: String, status: String) throws {
        let lane = try LanePipeline()
        lane.send(text)
        let answer = lane.answers()
        #expect(answer.hasPrefix("HTTP/1.1 \(status)") || (status == "505" && answer.hasPrefix("HTTP/1.1 400")))
        #expect(!lane.channel.isActive)
    }

    @Test func aBodyThatBreaksTheRulesBeforeItsAnswerIsRefused() throws {
        let lane = try LanePipeline(isPrompt: false)
        lane.send("POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        lane.send("0x2\r\nab\r\n")
        #expect(lane.answers().hasPrefix("HTTP/1.1 400"))
        #expect(!lane.channel.isActive)
    }

    @Test func oldClientsGetTheConnectionTheyAskFor() throws {
        let closing = try LanePipeline()
        closing.send("GET /slow HTTP/1.0\r\n\r\n")
        #expect(closing.answers().contains("Connection: close\r\n"))
        #expect(!closing.channel.isActive)
        let keeping = try LanePipeline()
        keeping.send("GET /slow HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(keeping.answers().contains("Connection: keep-alive\r\n"))
        #expect(keeping.channel.isActive)
    }
}
