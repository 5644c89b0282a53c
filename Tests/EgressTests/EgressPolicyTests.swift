import Core
import Egress
import Testing

/// Who may be asked, by what the address says and by what it resolves to.
@Suite struct EgressPolicyTests {
    private func url(_ text: String) throws -> EgressURL { try EgressURL(text) }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func schemes() throws {
        let strict = EgressPolicy()
        #expect(strict.refusal(of: try url("https://example.com/")) == nil)
        #expect(strict.refusal(of: try url("http://example.com/")) == .scheme("http", allowed: ["https"]))
        #expect(EgressPolicy(schemes: ["HTTP"]).refusal(of: try url("http://example.com/")) == nil)
    }

    @Test func hosts() throws {
        let policy = EgressPolicy(hosts: [try HostPattern("api.example.com"), try HostPattern("*.corp.example")])
        for allowed in ["api.example.com", "API.EXAMPLE.COM", "api.example.com.", "a.corp.example", "a.b.corp.example"]
        {
            #expect(policy.refusal(of: try url("https://\(allowed)/x")) == nil, "\(allowed)")
        }
        for refused in ["example.com", "xapi.example.com", "corp.example", "xcorp.example", "api.example.com.evil.io"] {
            #expect(policy.refusal(of: try url("https://\(refused)/x")) == .host(refused))
        }
        #expect(EgressPolicy(hosts: [try HostPattern("127.0.0.1")]).refusal(of: try url("https://127.0.0.1/")) == nil)
    }

    @Test(arguments: ["", "*", "*.", "a b", "a/b", "https://a", "a:80", "*.*.a", ".a", "ä.example"])
    func patternsThatAreNone(_ text: String) {
        #expect(throws: MartletError.self) { try HostPattern(text) }
    }

    @Test(arguments: ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "169.254.169.254", "fe80::1", "100.100.100.200"])
    func privateAddressesAreRefused(_ text: String) throws {
        let site = try url("https://inner.example/")
        let address = try address(text)
        #expect(EgressPolicy().refusal(of: address, for: site) == .address(address, host: "inner.example"))
        #expect(EgressPolicy().refusal(of: try self.address("8.8.8.8"), for: site) == nil)
    }

    @Test(arguments: [
        "169.254.169.254", "fe80::1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
        "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    ])
    func credentialsOfTheMachineNeedTheirRange(_ text: String) throws {
        let site = try url("https://inner.example/")
        let address = try address(text)
        #expect(EgressPolicy(inner: .allowed).refusal(of: address, for: site) != nil)
        let range = try #require(AddressRange(text))
        #expect(EgressPolicy(inner: .ranges([range])).refusal(of: address, for: site) == nil)
        // A name that the operator declares must not be turned to them; the address itself may be declared.
        #expect(EgressPolicy().declaring(site).refusal(of: address, for: site) != nil)
    }

    @Test func ranges() throws {
        let ranges = try ["10.0.0.0/8", "fd00::/8"].map { try #require(AddressRange($0)) }
        let policy = EgressPolicy(inner: .ranges(ranges))
        let site = try url("https://inner.example/")
        for allowed in ["10.1.2.3", "fd12::1", "::ffff:10.1.2.3", "9.9.9.9"] {
            #expect(policy.refusal(of: try address(allowed), for: site) == nil, "\(allowed)")
        }
        for refused in ["172.16.0.1", "127.0.0.1", "::1", "fc00::1", "169.254.169.254"] {
            #expect(policy.refusal(of: try address(refused), for: site) != nil, "\(refused)")
        }
        #expect(ranges.map(\.description) == ["10.0.0.0/8", "fd00:0:0:0:0:0:0:0/8"])
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "x", "1.2.3.4/8/8", "1/8"])
    func rangesThatAreNone(_ text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func rangesEndWhereTheyEnd() throws {
        let range = try #require(AddressRange("192.168.4.0/22"))
        #expect(range.contains(try address("192.168.7.255")))
        #expect(!range.contains(try address("192.168.8.0")))
        #expect(try #require(AddressRange("0.0.0.0/0")).contains(try address("255.255.255.255")))
        #expect(try !#require(AddressRange("0.0.0.0/0")).contains(try address("::1")))
    }

    @Test func whatTheOperatorDeclares() throws {
        let declared = try url("http://127.0.0.1:4318/v1/traces")
        let policy = EgressPolicy.only(declared)
        #expect(policy.refusal(of: declared) == nil)
        #expect(policy.refusal(of: try address("127.0.0.1"), for: declared) == nil)
        for other in [
            "http://127.0.0.1:4319/", "https://127.0.0.1:4318/", "http://127.0.0.2:4318/", "https://example.com/",
        ] {
            #expect(policy.refusal(of: try url(other)) != nil, "\(other)")
        }
        let literal = try url("http://169.254.170.2/")
        #expect(EgressPolicy.only(literal).refusal(of: try address("169.254.170.2"), for: literal) == nil)
    }

    @Test func refusalsSayWhatToDo() throws {
        let refusals: [(EgressRefusal, String)] = [
            (.scheme("http", allowed: ["https"]), "--egress-scheme"), (.host("a.example"), "--egress-allow-host"),
            (.address(try address("10.0.0.1"), host: "a.example"), "--egress-allow-private"),
            (.redirect(to: "https://b.example"), "https://b.example"),
        ]
        for (refusal, part) in refusals {
            let error = refusal.error(what: "The model's source")
            #expect(error.code == .permissionDenied)
            #expect(error.message.hasPrefix("The model's source "))
            #expect(error.message.contains(part))
        }
    }
}
