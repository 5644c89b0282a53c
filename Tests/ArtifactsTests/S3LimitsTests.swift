import Artifacts
import Core
import Foundation
import Synchronization
import TestSupport
import Testing

/// The limits of the store over buckets, at and past them.
@Suite struct S3LimitsTests {
    private typealias Answer = ScriptedServer.Answer

    private func path(_ text: String) throws -> ArtifactPath {
        try ArtifactPath(validating: text)
    }

    /// A store whose waiting takes no time, and the pauses it asked for.
    private func store(
        _ script: @escaping ScriptedServer.Script
    ) throws -> (store: S3ArtifactStore, server: ScriptedServer, pauses: Pauses) {
        let server = try ScriptedServer(script)
        let pauses = Pauses()
        let clock = Clock(now: { Clock.system.now }, sleep: { pauses.add($0) })
        let store = try StoreUnderTest.bucket(
            TemporaryStore(),
            endpoint: server.address,
            location: "s3://models/p",
            clock: clock
        )
        return (store, server, pauses)
    }

    private final class Pauses: Sendable {
        private let list = Mutex<[Duration]>([])
        var all: [Duration] { list.withLock { $0 } }
        func add(_ pause: Duration) { list.withLock { $0.append(pause) } }
    }

    @Test func pausesGrowAndEnd() async throws {
        let (store, _, pauses) = try store { _, _ in .error(503, "SlowDown") }
        #expect(await codeThrown { _ = try await store.list(path("d")) } == .unavailable)
        #expect(pauses.all.count == S3Limits.attempts - 1)
        for (index, pause) in pauses.all.enumerated() {
            let ceiling = S3Limits.firstPauseMilliseconds << Int64(index + 1)
            #expect(pause <= .milliseconds(min(ceiling, S3Limits.longestPauseMilliseconds)))
            #expect(pause >= .milliseconds(S3Limits.firstPauseMilliseconds / 4))
        }
    }

    @Test func retryAfterIsHonouredUpToALimit() async throws {
        for (asked, waited) in [("3", 3), (String(S3Limits.retryAfterSeconds + 1), S3Limits.retryAfterSeconds)] {
            let (store, _, pauses) = try store { _, number in
                number == 1 ? .error(503, "SlowDown", headers: ["Retry-After": asked]) : .empty
            }
            _ = try await store.list(path("d"))
            #expect(pauses.all == [.seconds(waited)])
        }
    }

    @Test func answersHaveADepth() async throws {
        for (depth, code) in [(S3Limits.answerDepth, nil), (S3Limits.answerDepth + 1, MartletError.Code.dataLoss)] {
            let inner = depth - 1
            let text = String(repeating: "<a>", count: inner) + String(repeating: "</a>", count: inner)
            let (store, _, _) = try store { _, _ in
                Answer(body: Array("<ListBucketResult>\(text)</ListBucketResult>".utf8))
            }
            #expect(await codeThrown { _ = try await store.list(path("d")) } == code)
        }
    }

    @Test func answersHaveASize() async throws {
        let (store, _, _) = try store { _, _ in Answer(body: [UInt8](repeating: 0x20, count: S3Limits.answerBytes + 1))
        }
        #expect(await codeThrown { _ = try await store.list(path("d")) } == .unavailable)
        let (strict, _, _) = try self.store { _, _ in
            Answer(status: 403, body: [UInt8](repeating: 0x20, count: S3Limits.errorBytes + 1))
        }
        #expect(await codeThrown { _ = try await strict.list(path("d")) } == .failedPrecondition)
    }

    @Test func pagesHaveASize() async throws {
        let (store, server, _) = try store { _, _ in .empty }
        _ = try await store.list(path("d"))
        #expect(server.requests.first?.target.contains("max-keys=\(S3Limits.keysPerRequest)") == true)
    }

    @Test func partsOnTheirWayAreCounted() async throws {
        let counts = Mutex((now: 0, most: 0))
        let (store, _, _) = try store { request, _ in
            switch (request.method, request.target) {
            case ("POST", let target) where target.contains("uploads"):
                return Answer(body: Array("<R><UploadId>u</UploadId></R>".utf8))
            case ("POST", _):
                return Answer(body: Array("<R><ETag>x</ETag></R>".utf8))
            case ("PUT", _):
                counts.withLock { counts in
                    counts.now += 1
                    counts.most = max(counts.most, counts.now)
                }
                Thread.sleep(forTimeInterval: 0.05)
                counts.withLock { $0.now -= 1 }
                return Answer(headers: ["ETag": "\"t\""])
            case ("HEAD", _): return Answer(status: 404)
            default: return .empty
            }
        }
        let bytes = patternBytes(S3Limits.partBytes * (S3Limits.partsInFlight + 1))
        try await store.write(path("one"), bytes: bytes)
        #expect((1...S3Limits.partsInFlight).contains(counts.withLock { $0.most }))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in ["a", "b", "c"] {
                let target = try path(name)
                group.addTask { try await store.write(target, bytes: bytes) }
            }
            try await group.waitForAll()
        }
        #expect(counts.withLock { $0.most } <= S3Limits.allPartsInFlight)
        for size in [S3Limits.uncountedBytes, S3Limits.uncountedBytes + 1] {
            let digest = try await store.write(path("small"), bytes: patternBytes(size))
            #expect(digest.size == Int64(size))
        }
    }

    @Test func credentialsAreRenewedBeforeTheyEnd() async throws {
        let clock = ManualClock()
        let fetched = Mutex(0)
        let source = S3CredentialSource { clock in
            fetched.withLock { $0 += 1 }
            let end = clock.now + .seconds(S3Limits.credentialsMarginSeconds + 10)
            return S3Credentials(accessKeyID: "a", secretAccessKey: "b", expires: end)
        }
        _ = try await source.current(clock.clock)
        clock.advance(by: .seconds(9))
        _ = try await source.current(clock.clock)
        #expect(fetched.withLock { $0 } == 1)
        clock.advance(by: .seconds(1))
        _ = try await source.current(clock.clock)
        #expect(fetched.withLock { $0 } == 2)
    }

    @Test func credentialsComeFromAProfile() async throws {
        let temporary = try TemporaryStore()
        let profile =
            "[default]\naws_access_key_id = one\n[team]\n# mine\naws_access_key_id=two\naws_secret_access_key = s=/+\n"
        let file = "\(temporary.directory)/credentials"
        try temporary.writeFile(file, profile)
        func chain(_ name: String?) -> S3CredentialSource {
            var environment = ["AWS_SHARED_CREDENTIALS_FILE": file, "AWS_EC2_METADATA_DISABLED": "true"]
            environment["AWS_PROFILE"] = name
            return S3CredentialChain(environment: environment, home: temporary.directory).source
        }
        #expect(try await chain("team").current(.system) == S3Credentials(accessKeyID: "two", secretAccessKey: "s=/+"))
        // The default profile lacks its secret, and the other does not exist.
        for name in [nil, "nobody"] {
            #expect(await codeThrown { _ = try await chain(name).current(.system) } == .failedPrecondition)
        }
        // What lies past the limit of the file is not read.
        try temporary.writeFile(file, String(repeating: "#", count: S3Limits.credentialsBytes) + "\n" + profile)
        #expect(await codeThrown { _ = try await chain("team").current(.system) } == .failedPrecondition)
    }

    @Test func signedAddressesEnd() async throws {
        let (store, _, _) = try store { request, _ in
            if request.method == "POST" { return Answer(body: Array("<R><UploadId>u</UploadId></R>".utf8)) }
            if request.method == "GET" { return .empty }
            return request.target.hasSuffix("/f") ? Answer(headers: ["ETag": "\"t\""]) : Answer(status: 404)
        }
        let upload = try await store.beginUpload(path("g"), parts: 2)
        #expect(upload.addresses.allSatisfy { $0.contains("X-Amz-Expires=\(S3Limits.presignedSeconds)&") })
        #expect(upload.addresses.count == 2 && upload.id == "u")
        let download = try await store.download(path("f"))
        #expect(download.address.contains("X-Amz-Expires=\(S3Limits.presignedDownloadSeconds)&"))
    }

    @Test func knownDirectoriesAreBounded() {
        let known = S3KnownDirectories()
        let keys = (0..<S3Limits.knownDirectories).map { "d/\($0)" }
        known.insert(keys)
        #expect(keys.allSatisfy(known.contains))
        known.insert(["one more"])
        #expect(known.contains("one more") && !known.contains("d/0"))
        known.insert(["a", "a/b", "ab"])
        known.remove("a")
        #expect(!known.contains("a") && !known.contains("a/b") && known.contains("ab"))
    }

    @Test func limitsFitTogether() {
        #expect(S3Limits.connectSeconds < S3Limits.requestSeconds && S3Limits.idleSeconds < S3Limits.requestSeconds)
        #expect(S3Limits.requestSeconds < S3Limits.partSeconds && S3Limits.credentialsSeconds < S3Limits.requestSeconds)
        #expect(S3Limits.connections > S3Limits.allPartsInFlight)
        #expect(ArtifactsLimits.cacheManifestBytes > ArtifactsLimits.entries * (S3Limits.keyBytes + 200))
        // MLflow's own limit, which its text names.
        #expect(ArtifactsLimits.pageUploadBytes == 10 * 1024 * 1024)
    }
}
