import Core
import Egress
import Testing

/// Limits that belong together.
@Suite struct EgressLimitsTests {
    @Test func patienceFitsTogether() {
        #expect(EgressLimits.connectSeconds * EgressLimits.addresses <= EgressLimits.requestSeconds)
        #expect(EgressLimits.lookupSeconds < EgressLimits.requestSeconds)
        #expect(EgressLimits.idleSeconds >= EgressLimits.requestSeconds)
    }

    @Test func defaultsOfARequest() throws {
        let request = try EgressRequest("The server", url: "https://example.com/")
        #expect(request.timeLimit == .seconds(EgressLimits.requestSeconds))
        #expect(request.answerLimit == EgressLimits.answerBytes)
        #expect(request.redirects == .handedBack)
    }

    @Test func theSystemResolverKnowsLoopback() async throws {
        #expect(try await HostResolver.system.addresses(of: "localhost").allSatisfy { !$0.isPublic })
        #expect(try await HostResolver.system.addresses(of: "127.0.0.1").map(\.description) == ["127.0.0.1"])
        // Forms that only the system reads are judged by what it reads in them.
        for text in ["2130706433", "0x7f.1", "127.1"] {
            #expect(try await HostResolver.system.addresses(of: text).map(\.description) == ["127.0.0.1"])
        }
    }

    @Test func lookupsAtOnceAreBounded() async throws {
        // More than may be under way: each one ends with an answer or with the refusal, none hangs.
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<(EgressLimits.lookupsAtOnce * 4) {
                group.addTask {
                    await failure { try await HostResolver.system.addresses(of: "localhost") }?.code ?? .unavailable
                        == .unavailable
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 })
        #expect(try await !HostResolver.system.addresses(of: "localhost").isEmpty)
    }
}
