import Artifacts
import Core
import Testing

@Suite struct S3SettingsTests {
    private func settings(_ location: String, _ environment: [String: String] = [:]) throws -> S3Settings {
        try S3Settings.resolve(location: location, environment: environment)
    }

    @Test func amazonIsTheDefault() throws {
        let settings = try settings("s3://models/prod/one/", ["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "x"])
        #expect(settings.bucket == "models" && settings.prefix == "prod/one")
        #expect(settings.host == "models.s3.eu-west-1.amazonaws.com" && settings.scheme == "https")
        #expect(settings.path("a b/ü+%") == "/a%20b/%C3%BC%2B%25")
        #expect(settings.path(nil) == "/")
    }

    @Test func aDotInTheNameNeedsPathStyle() throws {
        let settings = try settings("s3://my.models", ["AWS_DEFAULT_REGION": "cn-north-1"])
        #expect(settings.host == "s3.cn-north-1.amazonaws.com.cn")
        #expect(settings.path("k") == "/my.models/k" && settings.path(nil) == "/my.models")
    }

    @Test func otherStoresUsePathsUnlessTold() throws {
        let endpoint = ["MLFLOW_S3_ENDPOINT_URL": "http://Minio:9000/s3/", "AWS_ENDPOINT_URL": "https://other"]
        let path = try settings("s3://models/p", endpoint)
        #expect(path.scheme == "http" && path.host == "minio:9000" && path.path("k") == "/s3/models/k")
        let virtual = try settings("s3://models", endpoint.merging(["AWS_S3_ADDRESSING_STYLE": "virtual"]) { $1 })
        #expect(virtual.host == "models.minio:9000" && virtual.path("k") == "/s3/k")
        let forced = try settings("s3://models", ["MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path"])
        #expect(forced.host == "s3.us-east-1.amazonaws.com" && forced.path("k") == "/models/k")
        #expect(
            try settings("s3://models", ["AWS_ENDPOINT_URL_S3": "https://a", "AWS_ENDPOINT_URL": "https://b"]).host
                == "a"
        )
    }

    @Test(arguments: ["s3://", "s3://ab", "s3://a_b c/x", "s3://bucket/../x", "s3://bucket/a#b", "/dir"])
    func badLocations(location: String) {
        let error = #expect(throws: MartletError.self) { try settings(location) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: [
        ["AWS_ENDPOINT_URL": "ftp://host"], ["AWS_ENDPOINT_URL": "http://user:secret@host"],
        ["AWS_ENDPOINT_URL": "http://"], ["AWS_ENDPOINT_URL": "http://host?x=1"], ["AWS_REGION": "a b"],
        ["AWS_S3_ADDRESSING_STYLE": "both"],
    ])
    func badEnvironments(environment: [String: String]) {
        let error = #expect(throws: MartletError.self) { try settings("s3://bucket", environment) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("secret") == false)
        #expect(error?.message.contains(environment.keys.first ?? "-") == true)
    }
}
