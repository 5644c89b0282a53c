import Artifacts
import Core
import Imports
import TestSupport
import Testing

/// Models on a server that answers from a table.
@Suite struct RemoteModelsTests {
    private static let prefix = "/api/2.0/mlflow"
    private static let list = "/api/2.0/mlflow-artifacts/artifacts"

    private static func remote(_ answers: [String: JSONValue]) -> RemoteModels {
        RemoteModels(
            client: RESTClient(address: "http://test", clock: ManualClock().clock) { question in
                guard let answer = answers["\(question.method) \(question.path)"] else {
                    return RESTClient.Answer(status: 404, bytes: Array(#"{"message": "Not here."}"#.utf8))
                }
                return RESTClient.Answer(
                    status: 200,
                    bytes: answer.stringValue.map { Array($0.utf8) } ?? answer.serialized()
                )
            }
        )
    }

    @Test func versionsAreFound() async throws {
        let remote = Self.remote([
            "GET \(Self.prefix)/registered-models/alias?name=cancer&alias=champion": [
                "model_version": ["version": "4"]
            ],
            "GET \(Self.prefix)/model-versions/search?filter=name%20%3D%20%27cancer%27&max_results=200": [
                "model_versions": [["version": "2"], ["version": "10"]], "next_page_token": "",
            ],
            "GET \(Self.prefix)/model-versions/search?filter=name%20%3D%20%27none%27&max_results=200": [:],
            "GET \(Self.prefix)/model-versions/get-download-uri?name=cancer&version=4": ["artifact_uri": "s3://b/m"],
            "GET \(Self.prefix)/logged-models/m-1": ["model": ["info": ["artifact_uri": "mlflow-artifacts:/0/m"]]],
            "GET /api/martlet/v1/models/cancer/versions/4": [
                "files": [["path": "MLmodel", "sha256": "ab", "size": 1]]
            ],
        ])
        #expect(try await remote.version(of: "cancer", alias: "champion") == 4)
        #expect(try await remote.latestVersion(of: "cancer") == 10)
        #expect(try await remote.artifactURI(of: "cancer", version: 4) == "s3://b/m")
        #expect(try await remote.artifactURI(ofLoggedModel: "m-1") == "mlflow-artifacts:/0/m")
        #expect(try await remote.checksums(of: "cancer", version: 4) == ["MLmodel": "ab"])
        #expect(try await remote.checksums(of: "cancer", version: 5).isEmpty)
        for call in [
            { _ = try await remote.version(of: "cancer", alias: "none") },
            { _ = try await remote.latestVersion(of: "none") },
            { _ = try await remote.artifactURI(of: "cancer", version: 9) },
            { _ = try await remote.artifactURI(ofLoggedModel: "m-2") },
        ] as [@Sendable () async throws -> Void] {
            let error = try await #require(throws: MartletError.self) { try await call() }
            #expect(error.code == .notFound)
        }
    }

    @Test func aRunsModelMayBeALoggedOne() async throws {
        let run: JSONValue = [
            "run": ["info": ["artifact_uri": "mlflow-artifacts:/1/r/artifacts", "experiment_id": "1"]]
        ]
        let model: JSONValue = [
            "info": ["name": "model", "source_run_id": "r", "artifact_uri": "mlflow-artifacts:/1/models/m/artifacts"]
        ]
        let remote = Self.remote([
            "GET \(Self.prefix)/runs/get?run_id=r": run,
            "POST \(Self.prefix)/logged-models/search": ["models": [model]],
            "GET \(Self.list)?path=1%2Fr%2Fartifacts%2Fold": ["files": [["path": "MLmodel", "is_dir": false]]],
        ])
        #expect(try await remote.artifactURI(ofRun: "r", path: "model") == "mlflow-artifacts:/1/models/m/artifacts")
        #expect(try await remote.artifactURI(ofRun: "r", path: "old") == "mlflow-artifacts:/1/r/artifacts/old")
        #expect(try await remote.artifactURI(ofRun: "r", path: "x") == "mlflow-artifacts:/1/r/artifacts/x")
    }

    private static let files: [String: JSONValue] = [
        "GET \(list)?path=1%2Fm": [
            "files": [["path": "MLmodel", "is_dir": false, "file_size": 3], ["path": "data", "is_dir": true]]
        ],
        "GET \(list)?path=1%2Fm%2Fdata": ["files": [["path": "model.ubj", "is_dir": false, "file_size": 4]]],
        "GET \(list)?path=1%2Fm%2Fdata%2Fmodel.ubj": [:],
        "GET \(list)/1/m/MLmodel": "abc",
        "GET \(list)/1/m/data/model.ubj": "defg",
    ]

    @Test func foldersAndFilesAreBrought() async throws {
        let folder = try Folder()
        let store = try DiskArtifactStore(root: folder.path)
        let remote = Self.remote(Self.files)
        let sum = ArtifactDigest(of: Array("defg".utf8)).sha256
        let place = try ArtifactPath(validating: "whole")
        let whole = try await remote.download("1/m", to: store, folder: place, checksums: ["data/model.ubj": sum])
        #expect(whole == place)
        #expect(try await store.readAll(place.appending("data/model.ubj"), limit: 10) == Array("defg".utf8))
        #expect(try await store.readAll(place.appending("MLmodel"), limit: 10) == Array("abc".utf8))
        let alone = try ArtifactPath(validating: "alone")
        let file = try await remote.download("1/m/data/model.ubj", to: store, folder: alone, checksums: [:])
        #expect(try file == alone.appending("model.ubj"))
        for (root, sums, code) in [
            ("1/m", ["MLmodel": sum], MartletError.Code.dataLoss), ("1/m", ["gone": sum], .dataLoss),
            ("1/none", [:], .notFound), ("", [:], .notFound),
        ] as [(String, [String: String], MartletError.Code)] {
            let error = try await #require(throws: MartletError.self) {
                try await remote.download(root, to: store, folder: place, checksums: sums)
            }
            #expect(error.code == code, "\(error)")
        }
    }

    @Test func theSizeIsBounded() async throws {
        let folder = try Folder()
        let store = try DiskArtifactStore(root: folder.path)
        var files = Self.files
        files["GET \(Self.list)?path=1%2Fm%2Fdata"] = [
            "files": [["path": "model.ubj", "is_dir": false, "file_size": .integer(ImportsLimits.modelBytes - 2)]]
        ]
        let remote = Self.remote(files)
        let place = try ArtifactPath(validating: "a")
        let error = try await #require(throws: MartletError.self) {
            try await remote.download("1/m", to: store, folder: place, checksums: [:])
        }
        #expect(error.code == .payloadTooLarge)
    }

    @Test(
        "only what the proxy hands out is downloaded",
        arguments: [
            ("mlflow-artifacts:/1/a", "1/a"), ("mlflow-artifacts://host:5000/1/a/", "1/a"), ("s3://b/a", nil),
            ("/srv/a", nil),
        ] as [(String, String?)]
    )
    func proxied(_ uri: String, _ root: String?) {
        #expect(RemoteModels.proxied(uri) == root)
    }
}
