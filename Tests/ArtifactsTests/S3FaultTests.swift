import Artifacts
import Core
import Synchronization
import Testing

/// How the store behaves when the bucket's server is slow, breaks off, refuses or lies.
@Suite struct S3FaultTests {
    private typealias Answer = ScriptedServer.Answer

    private func store(
        _ temporary: TemporaryStore,
        _ script: @escaping ScriptedServer.Script
    ) throws -> (S3ArtifactStore, ScriptedServer) {
        let server = try ScriptedServer(script)
        let store = try StoreUnderTest.bucket(temporary, endpoint: server.address, location: "s3://models/p")
        return (store, server)
    }

    private func path(_ text: String) throws -> ArtifactPath {
        try ArtifactPath(validating: text)
    }

    private func object(_ bytes: [UInt8], tag: String = "abc", missing: Int = 0, headers: [String: String] = [:])
        -> Answer
    {
        var all = headers
        all["ETag"] = "\"\(tag)\""
        all["Last-Modified"] = "Mon, 12 Oct 2009 17:50:30 GMT"
        return Answer(headers: all, body: bytes, missing: missing)
    }

    @Test(arguments: [
        (503, "SlowDown"), (500, "InternalError"), (429, ""), (503, ""), (502, ""), (400, "RequestTimeout"),
    ])
    func transientErrorsAreTriedAgain(status: Int, code: String) async throws {
        let (store, server) = try store(TemporaryStore()) { _, number in
            number < 3 ? .error(status, code, headers: ["Retry-After": "0"]) : .empty
        }
        #expect(try await store.list(path("d")).isEmpty)
        #expect(server.requests.count == 3)
    }

    @Test func attemptsEnd() async throws {
        let (store, server) = try store(TemporaryStore()) { _, _ in
            .error(503, "SlowDown", headers: ["Retry-After": "0"])
        }
        #expect(await codeThrown { _ = try await store.list(path("d")) } == .unavailable)
        #expect(server.requests.count == S3Limits.attempts)
    }

    @Test func nobodyThere() async throws {
        let store = try StoreUnderTest.bucket(TemporaryStore(), endpoint: "http://127.0.0.1:9")
        #expect(await codeThrown { _ = try await store.list(path("d")) } == .unavailable)
    }

    @Test(arguments: [
        (404, "NoSuchBucket", "does not exist"), (403, "AccessDenied", "s3:GetObject"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"), (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (400, "InvalidToken", "AWS_SESSION_TOKEN"), (403, "RequestTimeTooSkewed", "clock"),
        (301, "PermanentRedirect", "'eu-north-1'"), (400, "AuthorizationHeaderMalformed", "AWS_REGION"),
    ])
    func wrongSettingsAreNamed(status: Int, code: String, text: String) async throws {
        let (store, server) = try store(TemporaryStore()) { _, _ in
            .error(status, code, extra: "<Region>eu-north-1</Region>")
        }
        do {
            _ = try await store.list(path("d"))
            Issue.record("nothing was thrown")
        } catch let error as MartletError {
            #expect(error.code == .failedPrecondition)
            #expect(error.message.contains(text), "\(error.message)")
            #expect(!error.message.contains("127.0.0.1"))
        }
        #expect(server.requests.count == 1)
        // HEAD has no body to read the reason from, so the status has to do.
        #expect(await codeThrown { _ = try await store.read(path("d")) } != nil)
    }

    @Test func aFullStoreIsSaidToBeFull() async throws {
        let (store, server) = try store(TemporaryStore()) { request, _ in
            switch request.method {
            case "PUT": .error(507, "XMinioStorageFull")
            case "HEAD": Answer(status: 404)
            default: .empty
            }
        }
        #expect(await codeThrown { try await store.write(path("a"), bytes: [1]) } == .storageFull)
        #expect(server.requests.count { $0.method == "PUT" } == 1)
    }

    @Test func aDownloadGoesOnWhereItBroke() async throws {
        let bytes = patternBytes(900_000)
        let (store, server) = try store(TemporaryStore()) { request, _ in
            let start = request.headers["range"].flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) }
            guard let start else { return object(bytes, missing: 500_000) }
            let rest = Array(bytes[start...])
            var answer = object(rest, missing: rest.count > 200_000 ? 150_000 : 0)
            answer.status = 206
            answer.headers["Content-Range"] = "bytes \(start)-899999/900000"
            return answer
        }
        #expect(try await collect(store.read(path("big"))) == bytes)
        #expect(server.requests.count >= 3)
        #expect(server.requests.dropFirst().allSatisfy { $0.headers["if-match"] == "\"abc\"" })
    }

    @Test func aTruncatedDownloadIsNeverWhole() async throws {
        let (store, _) = try store(TemporaryStore()) { request, _ in
            request.headers["range"] == nil
                ? object(patternBytes(1000), missing: 1) : .error(503, "SlowDown", headers: ["Retry-After": "0"])
        }
        #expect(await codeThrown { _ = try await collect(store.read(path("big"))) } == .unavailable)
    }

    @Test func aReplacedObjectIsNotMixedWithTheOldOne() async throws {
        let (store, _) = try store(TemporaryStore()) { request, _ in
            request.headers["if-match"] == nil
                ? object(patternBytes(1000), missing: 1) : .error(412, "PreconditionFailed")
        }
        #expect(await codeThrown { _ = try await collect(store.read(path("big"))) } == .unavailable)
    }

    @Test func changedBytesAreNoticed() async throws {
        let sha256 = ArtifactDigest(of: patternBytes(1000)).sha256
        let (store, _) = try store(TemporaryStore()) { _, _ in
            object(patternBytes(1000, seed: 1), headers: ["x-amz-meta-martlet-sha256": sha256])
        }
        let body = try await store.read(path("big"))
        var given = 0
        let code = await codeThrown { for try await chunk in body.chunks { given += chunk.count } }
        #expect(code == .dataLoss)
        #expect(given < 1000)
    }

    @Test func changedPartsAreNoticed() async throws {
        let size = S3Limits.partBytes + 5
        let (store, _) = try store(TemporaryStore()) { request, _ in
            if request.target.contains("partNumber=1") { return object(patternBytes(S3Limits.partBytes)) }
            return object(
                patternBytes(size),
                tag: "0123456789abcdef0123456789abcdef-2",
                headers: ["x-amz-meta-martlet-part-bytes": String(S3Limits.partBytes)]
            )
        }
        #expect(await codeThrown { _ = try await collect(store.read(path("big"))) } == .dataLoss)
    }

    @Test func aFailedPartAbortsTheUpload() async throws {
        let (store, server) = try store(TemporaryStore()) { request, _ in
            switch (request.method, request.target) {
            case ("POST", _):
                Answer(body: Array("<R><UploadId>up+1</UploadId></R>".utf8))
            case ("PUT", let target) where target.contains("partNumber=2"): .error(403, "AccessDenied")
            case ("PUT", _): object([])
            case ("HEAD", _): Answer(status: 404)
            default: .empty
            }
        }
        let bytes = patternBytes(S3Limits.partBytes * 2 + 1)
        #expect(await codeThrown { try await store.write(path("big"), bytes: bytes) } == .failedPrecondition)
        #expect(server.requests.last?.method == "DELETE")
        #expect(server.requests.last?.target.contains("uploadId=up%2B1") == true)
    }

    @Test func anErrorThatComesWithStatus200() async throws {
        let (store, server) = try store(TemporaryStore()) { request, number in
            switch (request.method, request.target) {
            case ("POST", let target) where target.contains("uploads"):
                Answer(body: Array("<R><UploadId>u</UploadId></R>".utf8))
            case ("POST", _):
                number == 1
                    ? Answer(body: Array("<Error><Code>InternalError</Code></Error>".utf8))
                    : Answer(
                        body: Array(
                            "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>".utf8
                        )
                    )
            case ("PUT", _): object([])
            case ("HEAD", _): Answer(status: 404)
            default: .empty
            }
        }
        try await store.write(path("big"), bytes: patternBytes(S3Limits.partBytes + 1))
        #expect(server.requests.count { $0.method == "POST" } == 3)
        #expect(server.requests.contains { $0.method == "DELETE" } == false)
    }

    @Test func redirectsAreNotFollowed() async throws {
        let (store, server) = try store(TemporaryStore()) { _, _ in
            Answer(status: 307, headers: ["Location": "http://127.0.0.1:9/", "x-amz-bucket-region": "eu-west-3"])
        }
        #expect(await codeThrown { _ = try await store.list(path("d")) } == .failedPrecondition)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: ["", "<a>", "<!DOCTYPE x><a/>", "<a></b>", "<a>&unknown;</a>", "text", "<ListBucketResult>"])
    func brokenAnswers(text: String) async throws {
        let (store, _) = try store(TemporaryStore()) { _, _ in Answer(body: Array(text.utf8)) }
        #expect(await codeThrown { _ = try await store.list(path("d")) } == .dataLoss)
    }

    @Test func listingsGoOnAndStop() async throws {
        let (store, server) = try store(TemporaryStore()) { request, _ in
            let isSecond = request.target.contains("continuation-token=t%2F1")
            let name = isSecond ? "b" : "a"
            let next = isSecond ? "" : "<NextContinuationToken>t/1</NextContinuationToken>"
            return Answer(
                body: Array(
                    """
                    <?xml version="1.0"?><!-- page --><ListBucketResult xmlns="http://s3/"><IsTruncated>\(!isSecond)</IsTruncated>\
                    \(next)<Contents><Key>p/d/\(name)&amp;&#233;</Key><Size>3</Size><ETag>&quot;x&quot;</ETag>\
                    <LastModified>2009-10-12T17:50:30.123Z</LastModified></Contents><Contents><Key>p/d/</Key>\
                    <Size>0</Size></Contents><Contents><Key>other/x</Key></Contents></ListBucketResult>
                    """.utf8
                )
            )
        }
        let entries = try await store.list(path("d"))
        #expect(entries.map(\.path.name) == ["a&é", "b&é"])
        #expect(entries.first?.modified == Timestamp(milliseconds: 1_255_369_830_123))
        #expect(server.requests.count == 2)
        #expect(server.requests.allSatisfy { $0.headers["authorization"]?.hasPrefix("AWS4-HMAC-SHA256") == true })
    }

    @Test func uploadsByTheClientAreChecked() async throws {
        let (store, server) = try store(TemporaryStore()) { request, _ in
            request.target.contains("partNumber") ? .empty : .error(404, "NoSuchUpload")
        }
        let target = try path("m/model.bin")
        let part = DirectPart(number: 1, tag: "\"a\"")
        #expect(await codeThrown { try await store.completeUpload(target, id: "u", parts: [part]) } == .notFound)
        for wrong in [
            [], [DirectPart(number: 0, tag: "a")], [DirectPart(number: 1, tag: "")],
            [DirectPart(number: S3Limits.parts + 1, tag: "a")],
            [DirectPart(number: 1, tag: String(repeating: "a", count: 257))],
        ] {
            #expect(
                await codeThrown { try await store.completeUpload(target, id: "u", parts: wrong) } == .invalidArgument
            )
        }
        for count in [0, S3Limits.parts + 1] {
            #expect(await codeThrown { _ = try await store.beginUpload(target, parts: count) } == .invalidArgument)
        }
        try await store.abortUpload(target, id: "u")
        #expect(server.requests.map(\.method) == ["POST", "DELETE"])
    }

    @Test func expiredCredentialsAreFetchedAnew() async throws {
        let server = try ScriptedServer { request, _ in
            request.headers["authorization"]?.contains("Credential=second/") == true
                ? .empty : .error(400, "ExpiredToken")
        }
        let fetched = Mutex(0)
        let temporary = try TemporaryStore()
        defer { withExtendedLifetime(temporary) {} }
        let store = S3ArtifactStore(
            settings: try S3Settings.resolve(
                location: "s3://models",
                environment: ["AWS_ENDPOINT_URL": server.address]
            ),
            credentials: S3CredentialSource { _ in
                let count = fetched.withLock { count in
                    count += 1
                    return count
                }
                return S3Credentials(accessKeyID: count == 1 ? "first" : "second", secretAccessKey: "s")
            },
            cache: try ArtifactCache(directory: temporary.directory + "/cache")
        )
        #expect(try await store.list(path("d")).isEmpty)
        #expect(fetched.withLock { $0 } == 2 && server.requests.count == 2)
    }

    @Test func keysHaveALimit() async throws {
        let (store, _) = try store(TemporaryStore()) { _, _ in .empty }
        // The bucket's prefix, "p/", comes before it.
        let long = String(repeating: "k", count: ArtifactsLimits.componentBytes)
        let fitting = "\(long)/\(long)/\(long)/\(long.dropLast())"
        #expect(fitting.utf8.count == S3Limits.keyBytes - 2)
        #expect(await codeThrown { _ = try await store.list(path(fitting)) } == nil)
        #expect(await codeThrown { _ = try await store.list(path(fitting + "k")) } == .invalidArgument)
    }
}
