import Testing

import HTTPSupport

@Suite struct LaneMachineTests {
    private let machine = LaneMachine()

    private func step(_ machine: inout LaneMachine, _ text: String) -> LaneMachine.Step {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            machine.received(bytes) { String(decoding: $0, as: UTF8.self) == "/fast" }
        }
    }

    private static let fast = "POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
    private static let slow = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"

    @Test func aWholeRequestIsAnswered() {
        var machine = machine
        guard case .answer = step(&machine, Self.fast + "ab") else {
            Issue.record("not offered")
            return
        }
        #expect(machine.state == .idle)
    }

    @Test func partsAreKeptUntilTheRequestIsWhole() {
        var machine = machine
        #expect(step(&machine, "POST /fa") == .wait)
        #expect(step(&machine, Self.fast) == .wait)
        #expect(step(&machine, Self.fast + "a") == .wait)
        #expect(machine.state == .idle)
    }

    @Test func aDeclinedRequestBelongsToTheRouterUntilItsResponseEnds() {
        var machine = machine
        _ = step(&machine, Self.fast + "ab")
        machine.declined()
        #expect(machine.state == .router(remaining: 0, hasEnded: false))
        machine.responseEnded()
        #expect(machine.state == .idle)
    }

    @Test func theRouterHasARequestUntilAllBytesPassedAndTheResponseEnded() {
        var machine = machine
        #expect(step(&machine, Self.slow + "a") == .pass)
        #expect(machine.state == .router(remaining: 3, hasEnded: false))
        #expect(step(&machine, "bc") == .pass)
        machine.responseEnded()
        #expect(machine.state == .router(remaining: 1, hasEnded: true))
        #expect(step(&machine, "d") == .pass)
        #expect(machine.state == .idle)
    }

    @Test func aRequestBeforeTheAnswerStaysWithTheRouterForGood() {
        var machine = machine
        #expect(step(&machine, Self.slow + "abcd") == .pass)
        #expect(step(&machine, Self.fast + "ab") == .pass)
        #expect(machine.state == .sticky)
        machine.responseEnded()
        #expect(step(&machine, Self.fast + "ab") == .pass)
        #expect(machine.state == .sticky)
    }

    @Test func bytesBeyondOneRequestAreTheRouters() {
        var machine = machine
        #expect(step(&machine, Self.fast + "ab" + "P") == .pass)
        #expect(machine.state == .sticky)
    }

    @Test(arguments: ["\u{16}\u{3}", "POST /fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"])
    func whatIsUnusualStaysWithTheRouterForGood(text: String) {
        var machine = machine
        #expect(step(&machine, text) == .pass)
        #expect(machine.state == .sticky)
    }

    @Test func limitsOfHeadAndBody() {
        var machine = machine
        let padding = String(repeating: "a", count: LaneLimits.headBytes - 27)
        #expect(step(&machine, "POST /fast HTTP/1.1\r\nHost: " + padding.dropLast()) == .wait)
        #expect(step(&machine, "POST /fast HTTP/1.1\r\nHost: " + padding) == .pass)
        #expect(machine.state == .sticky)
        for (length, waits) in [(LaneLimits.bodyBytes, true), (LaneLimits.bodyBytes + 1, false)] {
            var machine = LaneMachine()
            let head = "POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n"
            #expect(step(&machine, head) == (waits ? .wait : .pass))
        }
    }

    @Test func patienceEndsWithinItsLimits() {
        var patience = LanePatience()
        let tick = LaneLimits.tickSeconds
        // Whatever trickles in, a head is due; the first tick only notes that it has begun.
        var ticks = 0
        repeat { ticks += 1 } while !patience.tick(.head, hasMoved: true)
        #expect((ticks - 1) * tick >= LaneLimits.headSeconds && ticks * tick <= 30)
        patience = LanePatience()
        #expect((0..<1000).allSatisfy { _ in !patience.tick(.body, hasMoved: true) })
        ticks = 0
        repeat { ticks += 1 } while !patience.tick(.body, hasMoved: false)
        #expect(ticks * tick == LaneLimits.bodySeconds)
        #expect((0..<1000).allSatisfy { _ in !patience.tick(.answer, hasMoved: false) })
        ticks = 0
        repeat { ticks += 1 } while !patience.tick(.request, hasMoved: false)
        #expect((ticks - 1) * tick == LaneLimits.restSeconds)
    }
}
