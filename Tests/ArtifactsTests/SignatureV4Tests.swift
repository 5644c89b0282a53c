import Artifacts
import Core
import Testing

/// The examples of "Authenticating Requests: Using the Authorization Header" and "… Query Parameters" in the S3 API
/// reference, with the access key that Amazon publishes for them.
@Suite struct SignatureV4Tests {
    /// 2013-05-24T00:00:00Z.
    private let time = Timestamp(milliseconds: 1_369_353_600_000)
    private let host = "examplebucket.s3.amazonaws.com"
    private let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private let signer = SignatureV4(
        credentials: S3Credentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE",
            secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        ),
        region: "us-east-1"
    )

    private func authorization(
        _ method: String,
        _ path: String,
        query: [SignatureV4.Field] = [],
        headers: [SignatureV4.Field] = [],
        payloadHash: String? = nil,
        host: String? = nil
    ) -> String {
        let signed = signer.headers(
            method: method,
            path: path,
            query: query,
            headers: [(name: "host", value: host ?? self.host)] + headers,
            payloadHash: payloadHash ?? empty,
            now: time
        )
        return signed.first { $0.name == "authorization" }?.value ?? ""
    }

    @Test func getObject() {
        let text = authorization("GET", "/test.txt", headers: [(name: "Range", value: "bytes=0-9")])
        #expect(
            text == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test func putObject() {
        let text = authorization(
            "PUT",
            "/test%24file.text",
            headers: [
                (name: "Date", value: "Fri, 24 May 2013 00:00:00 GMT"),
                (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
            ],
            payloadHash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        )
        #expect(text.hasSuffix("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
        #expect(ArtifactDigest(of: "Welcome to Amazon S3.".utf8).sha256.hasPrefix("44ce7dd67c95"))
    }

    @Test func getBucketLifecycle() {
        let text = authorization("GET", "/", query: [(name: "lifecycle", value: "")])
        #expect(text.hasSuffix("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
    }

    @Test func listObjects() {
        let text = authorization("GET", "/", query: [(name: "prefix", value: "J"), (name: "max-keys", value: "2")])
        #expect(text.hasSuffix("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
    }

    /// The first signature of the upload in signed chunks; each of our parts is a request of its own instead.
    @Test func seedOfAChunkedUpload() {
        let text = authorization(
            "PUT",
            "/examplebucket/chunkObject.txt",
            headers: [
                (name: "content-encoding", value: "aws-chunked"), (name: "content-length", value: "66824"),
                (name: "x-amz-decoded-content-length", value: "66560"),
                (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
            ],
            payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            host: "s3.amazonaws.com"
        )
        #expect(text.hasSuffix("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
    }

    @Test func presignedGet() {
        let query = signer.presignedQuery(
            method: "GET",
            path: "/test.txt",
            query: [],
            host: host,
            seconds: 86_400,
            now: time
        )
        #expect(
            query
                == "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3"
                + "%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        )
    }

    @Test func aSessionTokenIsSignedAndSent() {
        let signer = SignatureV4(
            credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret", sessionToken: "to/ken"),
            region: "eu-central-1"
        )
        let headers = signer.headers(
            method: "GET",
            path: "/",
            query: [],
            headers: [(name: "host", value: host)],
            payloadHash: empty,
            now: time
        )
        #expect(headers.contains { $0.name == "x-amz-security-token" && $0.value == "to/ken" })
        #expect(headers.last?.value.contains("host;x-amz-content-sha256;x-amz-date;x-amz-security-token") == true)
        let query = signer.presignedQuery(method: "GET", path: "/", query: [], host: host, seconds: 9, now: time)
        #expect(query.contains("X-Amz-Security-Token=to%2Fken"))
    }

    @Test func secretsAreNotShown() {
        let credentials = S3Credentials(accessKeyID: "AKIA1234", secretAccessKey: "hush", sessionToken: "hush")
        #expect(!"\(credentials)\(String(reflecting: credentials))".contains("hush"))
    }
}
