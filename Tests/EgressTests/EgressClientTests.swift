import Core
import Egress
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing

/// Requests over real sockets.
@Suite struct EgressClientTests {
    private let fixture = EgressFixture()
    private let open = EgressPolicy(schemes: ["http"], inner: .allowed)

    private func client(_ policy: EgressPolicy? = nil, _ hosts: [String: [String]] = [:]) -> EgressClient {
        EgressClient(policy: policy ?? open, resolver: fixture.resolver(hosts))
    }

    private func ok(_ text: String = "ok") -> (Int, HTTPFields, ResponseBody) {
        (200, [:], ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    @Test func theCheckedAddressIsTheOneConnectedTo() async throws {
        try await fixture.serving { _ in
            ok()
        } _: { port in
            // The name means nothing to the system's resolver.
            let client = client(nil, ["receiver.example": ["127.0.0.1"]])
            var request = try EgressRequest(
                "The receiver",
                method: "POST",
                url: "http://receiver.example:\(port)/x?y=z"
            )
            request.headers = [("X-Test", "1")]
            request.body = Array("hello".utf8)
            let reply = try await client.fetch(request)
            #expect(reply.status == 200)
            #expect(reply.body == Array("ok".utf8))
            #expect(fixture.lookups == ["receiver.example"])
            let head = try #require(fixture.requests.first)
            #expect(head.authority == "receiver.example:\(port)")
            #expect(head.path == "/x?y=z")
            #expect(head.headerFields[.userAgent]?.hasPrefix("martlet/") == true)
            #expect(head.headerFields[try #require(HTTPField.Name("X-Test"))] == "1")
        }
    }

    @Test func whatIsRefusedIsNeverAsked() async throws {
        try await fixture.serving { _ in
            ok()
        } _: { port in
            let hosts = ["mixed.example": ["8.8.8.8", "127.0.0.1"], "inner.example": ["127.0.0.1"]]
            let strict = EgressPolicy(schemes: ["http"])
            for host in ["mixed.example", "inner.example", "127.0.0.1", "[::ffff:127.0.0.1]"] {
                let request = try EgressRequest("The source", url: "http://\(host):\(port)/x")
                let error = await failure { try await client(strict, hosts).fetch(request) }
                #expect(error?.code == .permissionDenied)
                #expect(error?.message.contains("non-public IP address") == true)
            }
            let listed = EgressPolicy(schemes: ["http"], hosts: [try HostPattern("a.example")], inner: .allowed)
            let other = try EgressRequest("The source", url: "http://inner.example:\(port)/x")
            #expect(await failure { try await client(listed, hosts).fetch(other) }?.code == .permissionDenied)
            let plain = try EgressRequest("The source", url: "http://inner.example:\(port)/x")
            #expect(await failure { try await client(EgressPolicy(), hosts).fetch(plain) }?.code == .permissionDenied)
            #expect(fixture.requests.isEmpty)
            // What the list and the scheme refuse is not even looked up.
            #expect(fixture.lookups == ["mixed.example", "inner.example"])
        }
    }

    @Test func theNextAddressIsTriedWhenNobodyListens() async throws {
        try await fixture.serving { _ in
            ok()
        } _: { port in
            let silent = Array(repeating: "127.0.0.2", count: EgressLimits.addresses - 1)
            let fine = ["a.example": silent + ["127.0.0.1"]]
            let request = try EgressRequest("The receiver", url: "http://a.example:\(port)/x")
            #expect(try await client(nil, fine).fetch(request).status == 200)
            let tooMany = ["a.example": silent + ["127.0.0.2", "127.0.0.1"]]
            let error = await failure { try await client(nil, tooMany).fetch(request) }
            #expect(error?.code == .unavailable)
            #expect(error?.message == "The receiver cannot be connected to.")
        }
    }

    @Test func unknownHosts() async throws {
        let request = try EgressRequest("The receiver", url: "http://nowhere.example/")
        #expect(await failure { try await client().fetch(request) }?.code == .unavailable)
        let empty = await failure { try await client(nil, ["nowhere.example": []]).fetch(request) }
        #expect(empty?.message == "Cannot resolve the host 'nowhere.example'.")
    }

    private func ask(
        _ port: Int,
        _ path: String,
        _ redirects: EgressRequest.Redirects
    ) async throws -> EgressReply {
        var request = try EgressRequest("The server", url: "http://127.0.0.1:\(port)\(path)")
        request.redirects = redirects
        return try await client().fetch(request)
    }

    @Test func redirectsStayWithinTheOrigin() async throws {
        try await fixture.serving { head in
            let path = head.path ?? ""
            let target =
                switch path {
                case "/relative": "there"
                case "/absolute": "/there"
                case "/elsewhere": "http://127.0.0.2/there"
                case "/protocol": "//evil.example/there"
                case "/file": "file:///etc/passwd"
                case "/loop": "/loop"
                default: ""
                }
            return target.isEmpty ? ok(path) : (302, [.location: target], ResponseBody())
        } _: { port in
            let relative = try await ask(port, "/relative", .withinOrigin)
            #expect(relative.body == Array("/there".utf8))
            #expect(try await ask(port, "/absolute", .withinOrigin).body == Array("/there".utf8))
            #expect(try await ask(port, "/absolute", .handedBack).status == 302)
            for path in ["/elsewhere", "/protocol", "/file"] {
                let error = await failure { try await ask(port, path, .withinOrigin) }
                #expect(error?.code == .permissionDenied, "\(path)")
                #expect(error?.message.contains("redirects to") == true)
            }
            let before = fixture.requests.count
            #expect(await failure { try await ask(port, "/loop", .withinOrigin) }?.code == .failedPrecondition)
            #expect(fixture.requests.count - before == EgressLimits.redirects + 1)
        }
    }

    @Test func postsAreNotTurnedIntoSomethingElse() async throws {
        try await fixture.serving { head in
            switch head.path {
            case "/307": (307, [.location: "/there"], ResponseBody())
            case "/302": (302, [.location: "/there"], ResponseBody())
            default: ok(head.method.rawValue)
            }
        } _: { port in
            var request = try EgressRequest("The server", method: "POST", url: "http://127.0.0.1:\(port)/307")
            request.redirects = .withinOrigin
            request.body = [1]
            #expect(try await client().fetch(request).body == Array("POST".utf8))
            request.url = try EgressURL("http://127.0.0.1:\(port)/302")
            #expect(try await client().fetch(request).status == 302)
        }
    }

    @Test func bodiesHaveALimit() async throws {
        try await fixture.serving { _ in
            ok(String(repeating: "x", count: 1000))
        } _: { port in
            var request = try EgressRequest("The server", url: "http://127.0.0.1:\(port)/x")
            request.answerLimit = 1000
            let whole = try await client().fetch(request)
            #expect(whole.body.count == 1000 && !whole.isCut)
            request.answerLimit = 999
            let cut = try await client().fetch(request)
            #expect(cut.body.count == 999 && cut.isCut)
            let streamed = try await client().send(request)
            let error = await failure { try await streamed.body.collect(upTo: 2000) }
            #expect(error?.code == .payloadTooLarge)
            request.answerLimit = nil
            let all = try await client().send(request)
            #expect(await failure { try await all.body.collect(upTo: 999) }?.code == .payloadTooLarge)
            #expect(try await client().send(request).body.collect(upTo: 1000).count == 1000)
        }
    }

    @Test func anAnswerThatDoesNotComeIsGivenUp() async throws {
        try await fixture.serving { head in
            if head.path == "/slow-body" {
                // One byte and then nothing: the head alone must not satisfy the time limit.
                let body = ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "x"))
                    try await fixture.held()
                    try await writer.finish(nil)
                }
                return (200, [:], body)
            }
            try await fixture.held()
            return ok()
        } _: { port in
            for path in ["/slow-head", "/slow-body"] {
                var request = try EgressRequest("The server", url: "http://127.0.0.1:\(port)\(path)")
                request.timeLimit = .milliseconds(300)
                let error = await failure { try await client().fetch(request) }
                #expect(error?.code == .deadlineExceeded)
                #expect(error?.message == "The server did not answer in time.")
            }
        }
    }

    @Test func aLookupThatDoesNotEndIsGivenUp() async throws {
        let stuck = HostResolver { _ in
            try await Task.sleep(for: .seconds(3600))
            return []
        }
        var request = try EgressRequest("The server", url: "http://stuck.example/")
        request.timeLimit = .milliseconds(200)
        let patient = request
        let client = EgressClient(policy: open, resolver: stuck)
        #expect(await failure { try await client.fetch(patient) }?.code == .deadlineExceeded)
    }

    @Test func connectionsAreKeptOnlyWhenAsked() async throws {
        try await fixture.serving { _ in
            ok()
        } _: { port in
            let client = client(
                nil,
                Dictionary(uniqueKeysWithValues: (0..<40).map { ("h\($0).example", ["127.0.0.1"]) })
            )
            for number in 0..<(EgressLimits.keptHosts + 1) {
                var request = try EgressRequest("The server", url: "http://h\(number).example:\(port)/x")
                _ = try await client.fetch(request)
                #expect(client.keptHosts == min(number, EgressLimits.keptHosts))
                request.keepsConnection = true
                _ = try await client.fetch(request)
                #expect(client.keptHosts == min(number + 1, EgressLimits.keptHosts))
            }
        }
    }

    @Test func cancellationEndsARequest() async throws {
        try await fixture.serving { _ in
            try await fixture.held()
            return ok()
        } _: { port in
            let request = try EgressRequest("The server", url: "http://127.0.0.1:\(port)/x")
            let client = client()
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do { _ = try await client.fetch(request) } catch { return error is CancellationError }
                    return false
                }
                while fixture.requests.isEmpty { try? await Task.sleep(for: .milliseconds(5)) }
                group.cancelAll()
                #expect(await group.next() == true)
            }
        }
    }
}
