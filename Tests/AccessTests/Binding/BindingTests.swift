import Access
import Core
import HTTPSupport
import Testing

@Suite struct BindingTests {
    private struct Asked: CustomStringConvertible, Sendable {
        let host: String
        let auth: AuthMode?
        let hasTLS: Bool
        let proxies: [String]

        var description: String { "\(host) \(auth?.rawValue ?? "-") tls=\(hasTLS) proxies=\(proxies)" }

        func decide() throws -> Binding {
            try Binding.decide(
                host: host,
                auth: auth,
                certificate: hasTLS ? "c.pem" : nil,
                key: hasTLS ? "k.pem" : nil,
                proxies: proxies
            )
        }
    }

    private static let loopback = ["127.0.0.1", "127.9.8.7", "localhost", "::1"]
    private static let others = ["0.0.0.0", "192.168.1.4", "::", "example.org", "127.0.0.1.example.org", "127.0.0", ""]

    private static let all: [Asked] = (loopback + others).flatMap { host in
        [AuthMode.off, .required, nil].flatMap { auth in
            [false, true].flatMap { hasTLS in
                [[], ["10.0.0.0/8"]].map { Asked(host: host, auth: auth, hasTLS: hasTLS, proxies: $0) }
            }
        }
    }

    @Test("Who can be reached from elsewhere has accounts and nothing of it travels in the clear, or does not start")
    func everyCombination() throws {
        #expect(Self.all.count == 132)
        for asked in Self.all {
            let isLoopback = Self.loopback.contains(asked.host)
            let isReachable = !isLoopback || !asked.proxies.isEmpty
            let isOpen = isReachable && asked.auth == .off
            let isClear = !isLoopback && !asked.hasTLS && asked.proxies.isEmpty
            guard !isOpen, !isClear else {
                let error = #expect(throws: MartletError.self, "\(asked)") { try asked.decide() }
                #expect(error?.code == .failedPrecondition, "\(asked)")
                continue
            }
            let binding = try asked.decide()
            #expect(binding.isLoopback == isLoopback, "\(asked)")
            #expect(binding.hasTLS == asked.hasTLS, "\(asked)")
            #expect(binding.hasAccounts == (isReachable || asked.auth == .required), "\(asked)")
            #expect(binding.proxies.count == asked.proxies.count, "\(asked)")
        }
    }

    @Test("What is refused names the remedy")
    func remedies() {
        func message(_ asked: Asked) -> String {
            do {
                _ = try asked.decide()
                return ""
            } catch {
                return MartletError.wrapping(error).message
            }
        }
        let open = message(Asked(host: "0.0.0.0", auth: .off, hasTLS: true, proxies: []))
        #expect(open.contains("--auth off"))
        #expect(open.contains("--host 127.0.0.1"))
        let clear = message(Asked(host: "0.0.0.0", auth: nil, hasTLS: false, proxies: []))
        for remedy in ["--tls-certificate", "--tls-key", "--behind-proxy", "--host 127.0.0.1"] {
            #expect(clear.contains(remedy))
        }
        let proxied = message(Asked(host: "127.0.0.1", auth: .off, hasTLS: false, proxies: ["127.0.0.1"]))
        #expect(proxied.contains("--behind-proxy"))
    }

    @Test func aCertificateWithoutAKeyIsASlip() {
        for (certificate, key) in [("c.pem", nil), (nil, "k.pem")] as [(String?, String?)] {
            let error = #expect(throws: MartletError.self) {
                try Binding.decide(host: "127.0.0.1", auth: nil, certificate: certificate, key: key, proxies: [])
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func anybodyMayConnectToLoopbackAndToTLS() throws {
        let loopback = try Asked(host: "127.0.0.1", auth: nil, hasTLS: false, proxies: []).decide()
        let secure = try Asked(host: "0.0.0.0", auth: nil, hasTLS: true, proxies: ["10.0.0.0/8"]).decide()
        for peer in ["127.0.0.1", "10.1.1.1", "203.0.113.9", "::1", nil] {
            #expect(loopback.admits(peer: peer))
            #expect(secure.admits(peer: peer))
        }
        #expect(secure.isProxy(peer: "10.1.1.1"))
        #expect(!secure.isProxy(peer: "203.0.113.9"))
        #expect(!loopback.isProxy(peer: "127.0.0.1"))
    }

    @Test("In plain HTTP only declared proxies and this machine may connect")
    func peersOfAProxiedServer() throws {
        let binding = try Asked(host: "0.0.0.0", auth: nil, hasTLS: false, proxies: ["10.0.0.0/8"]).decide()
        for peer in ["10.0.0.1", "::ffff:10.2.3.4", "127.0.0.1", "::1"] { #expect(binding.admits(peer: peer)) }
        for peer in ["11.0.0.1", "203.0.113.9", "::ffff:11.0.0.1", "fd00::1", "x", nil] {
            #expect(!binding.admits(peer: peer))
        }
    }

    @Test func noticesTellOfMissingNamesAndOfEverybodyAsProxy() throws {
        let binding = try Asked(host: "0.0.0.0", auth: nil, hasTLS: false, proxies: ["0.0.0.0/0"]).decide()
        #expect(binding.notices(names: []).count == 2)
        #expect(binding.notices(names: ["m.example"]).count == 1)
        let loopback = try Asked(host: "localhost", auth: nil, hasTLS: false, proxies: []).decide()
        #expect(loopback.notices(names: []).isEmpty)
    }
}

@Suite struct NetworkRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.4", "10.0.0.4", true),
        ("10.0.0.4", "10.0.0.5", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "fd00::1", false),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("::1", "::1", true), ("::/0", "fd00::1", true),
        ("10.0.0.0/31", "10.0.0.1", true), ("10.0.0.0/31", "10.0.0.2", false), ("10.0.0.0/8", "::ffff:10.0.0.1", true),
    ])
    func contains(range: String, address: String, isIn: Bool) throws {
        let address = try #require(PeerAddress(address))
        #expect(try NetworkRange(range).contains(address) == isIn)
    }

    @Test(arguments: [
        "", "10", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "/8", "10.0.0.1/8", "fd00::/129", "a/8",
        "10.0.0.0/8/8", "proxy.example", "10.0.0.0 /8", "fe80::1%eth0",
    ])
    func slips(text: String) {
        let error = #expect(throws: MartletError.self) { try NetworkRange(text) }
        #expect(error?.code == .invalidArgument)
    }
}
