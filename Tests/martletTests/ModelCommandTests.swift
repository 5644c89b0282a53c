import Core
import Testing
import martlet

/// Models: registered, and two versions compared.
struct ModelCommandTests {
    static let mlflow = "/api/2.0/mlflow"

    @Test func registersWhatIsThere() async {
        let made: JSONValue = ["model_version": ["name": "reg", "version": "4"]]
        let server = CannedServer([
            "GET \(Self.mlflow)/registered-models/get?name=reg": ["registered_model": ["name": "reg"]],
            "POST \(Self.mlflow)/registered-models/create": [:],
            "POST \(Self.mlflow)/model-versions/create": made, "POST \(Self.mlflow)/registered-models/alias": [:],
        ])
        #expect(await server.run("model", "register", "runs:/r1/model/deep", "reg", "--alias", "prod") == 0)
        #expect(await server.run("model", "register", "models:/m-abc", "new", "--description", "d", "--json") == 0)
        #expect(await server.run("model", "register", "models:/reg/3", "reg") == 0)
        #expect(
            server.bodies == [
                ["name": "reg", "source": "runs:/r1/model/deep", "run_id": "r1"],
                ["name": "reg", "alias": "prod", "version": "4"], ["name": "new"],
                ["name": "new", "source": "models:/m-abc", "model_id": "m-abc", "description": "d"],
                ["name": "reg", "source": "models:/reg/3"],
            ]
        )
        #expect(server.output.hasPrefix("reg version 4; reg@prod points to it\n"))
    }

    private func version(_ number: String, run: String, tag: String) -> JSONValue {
        [
            "model_version": [
                "name": "reg", "version": .string(number), "run_id": .string(run),
                "tags": [["key": "stage", "value": .string(tag)]],
            ]
        ]
    }

    private func detail(_ sum: String, _ type: String) -> JSONValue {
        [
            "files": [
                ["path": "MLmodel", "size": 10, "sha256": .string(String(repeating: "a", count: 64))],
                ["path": "model.bin", "size": 20, "sha256": .string(String(repeating: sum, count: 64))],
            ],
            "signature": [
                "inputs": [["name": "x", "type": .string(type), "required": true]],
                "outputs": [["type": "double", "required": false]],
            ],
        ]
    }

    @Test func comparesVersions() async throws {
        let detailPath = "GET /api/martlet/v1/models/reg/versions"
        let server = RunCommandTests.server([
            "GET \(Self.mlflow)/model-versions/get?name=reg&version=1": version("1", run: "r1", tag: "old"),
            "GET \(Self.mlflow)/registered-models/alias?name=reg&alias=prod": version("2", run: "r2", tag: "new"),
            "GET \(Self.mlflow)/model-versions/get?name=reg&version=3": version("3", run: "gone", tag: "new"),
            "\(detailPath)/1": detail("b", "long"), "\(detailPath)/2": detail("c", "double"),
            "\(detailPath)/3": ["files": [], "signature": .null],
        ])
        #expect(await server.run("model", "diff", "reg", "1", "prod") == 0)
        #expect(await server.run("model", "diff", "reg", "1", "prod", "--all", width: 70) == 0)
        #expect(await server.run("model", "diff", "reg", "1", "1") == 0)
        #expect(await server.run("model", "diff", "reg", "prod", "3", "--json") == 0)
        try expectGolden(server.output, "diff.txt")
        #expect(await server.run("model", "diff", "reg", "1", "9") == 1)
    }
}
