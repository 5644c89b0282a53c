import Artifacts
import Core
import Foundation
import Server
import Testing

/// Addresses of models, as MLflow and people write them.
@Suite struct ModelLocationTests {
    private static let logged = "m-" + String(repeating: "0a", count: 16)

    @Test func addressesAreRead() throws {
        let path = try ArtifactPath(validating: "model/sub")
        for (text, expected) in [
            ("models:/cancer/3", .registered(name: "cancer", .version(3))),
            ("models:/cancer@production", .registered(name: "cancer", .alias("production"))),
            ("models:/cancer/latest", .registered(name: "cancer", .latest)),
            ("models:/cancer@latest", .registered(name: "cancer", .latest)),
            ("models:/a b@c", .registered(name: "a b", .alias("c"))),
            ("models:/\(Self.logged)", .loggedModel(Self.logged)),
            ("runs:/abc/model/sub", .run("abc", path: path)),
            ("mlflow-artifacts:/model/sub", .artifacts(path)),
            ("s3://bucket/models/cancer", .bucket("s3://bucket/models/cancer")),
            ("file:///srv/a%20b", .local("/srv/a b")),
            ("./models/cancer", .local("./models/cancer")),
            ("model.onnx", .local("model.onnx")),
        ] as [(String, ModelLocation)] {
            #expect(try ModelLocation(text) == expected)
        }
    }

    @Test(
        "what is none names the forms there are",
        arguments: [
            "", "models:/", "models:/cancer", "models:/cancer/", "models:/cancer/0", "models:/cancer/-1",
            "models:/cancer/Production", "models:/cancer/1/2", "models:/@a", "models:/a@", "models://host/cancer/1",
            "runs:/", "runs:/abc", "runs:/abc/../x", "runs://host/abc/model", "mlflow-artifacts:/",
            "mlflow-artifacts:/../x", "s3://", "s3:/bucket", "gs://bucket/x", "http://host/model.onnx",
            "a\nb",
        ]
    )
    func refusals(_ text: String) throws {
        let error = try #require(throws: MartletError.self) { try ModelLocation(text) }
        #expect(error.code == .invalidArgument && error.message.contains("models:/NAME@ALIAS"), "\(error.message)")
    }

    @Test func lengthIsBounded() throws {
        let longest = String(repeating: "a", count: ServerLimits.modelLocationBytes)
        #expect(try ModelLocation(longest) == .local(longest))
        #expect(throws: MartletError.self) { try ModelLocation(longest + "a") }
    }

    @Test func namesAreMadeForDeployments() throws {
        for (text, name) in [
            ("models:/Breast Cancer/3", "breast-cancer"), ("models:/\(Self.logged)", "model"),
            ("runs:/abc/Model_2", "model-2"), ("/srv/iris.v2.onnx", "iris-v2"), ("./", "model"), ("...", "model"),
            ("s3://bucket/models/cancer/", "cancer"), ("größe.ubj", "gr-e"),
        ] {
            #expect(try ModelLocation(text).suggestedName == name)
        }
    }

    @Test func whatLiesOnAServerNeedsOne() async throws {
        let folder = RunningServer.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (uri, part) in [
            (nil, "--tracking-uri"), ("sqlite:///mlflow.db", "http:// or https://"), ("mlruns", "http:// or https://"),
        ] as [(String?, String)] {
            let fetcher = ModelFetcher(trackingURI: uri, environment: [:], directory: folder)
            for text in ["models:/a@b", "runs:/a/b", "models:/\(Self.logged)", "mlflow-artifacts:/a"] {
                let error = try await #require(throws: MartletError.self) {
                    try await fetcher.fetch(ModelLocation(text))
                }
                #expect(error.code == .invalidArgument && error.message.contains(part))
            }
            let missing = try await #require(throws: MartletError.self) {
                try await fetcher.fetch(.local("\(folder)/none"))
            }
            #expect(missing.code == .notFound)
        }
    }
}
