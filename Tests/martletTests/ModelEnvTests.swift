import Core
import Foundation
import Testing
import martlet

/// The environments of Python models, as the command line prepares them.
struct ModelEnvTests {
    private static let files = "/api/2.0/mlflow-artifacts/artifacts/1/r1/artifacts/my%20model"
    private static let mlflow = "/api/2.0/mlflow"

    /// YAML is written as JSON here, which it includes.
    private let answers: [String: JSONValue] = [
        "GET \(mlflow)/model-versions/get-download-uri?name=reg&version=2": [
            "artifact_uri": "mlflow-artifacts:/1/r1/artifacts/my model"
        ],
        "GET \(mlflow)/registered-models/alias?name=reg&alias=prod": ["model_version": ["version": "2"]],
        "GET \(mlflow)/runs/get?run_id=r1": ["run": ["info": ["artifact_uri": "mlflow-artifacts:/1/r1/artifacts"]]],
        "GET \(mlflow)/logged-models/m-1": ["model": ["info": ["artifact_uri": "s3://bucket/m-1"]]],
        "GET \(files)/MLmodel": ["mlflow_version": "3.1.0"],
        "GET \(files)/python_env.yaml": ["python": "3.11.7", "dependencies": ["scipy==1.1"]],
    ]

    @Test(
        "Only the requirements are read, wherever the model is named",
        arguments: [
            "models:/reg/2", "models:/reg@prod", "runs:/r1/my model",
        ]
    )
    func plan(source: String) async throws {
        let server = CannedServer(answers)
        let status = await server.run(
            "model",
            "env",
            source,
            "--dry-run",
            "--json",
            "--directory",
            "/nowhere/envs",
            "--python",
            "/bin/sh"
        )
        #expect(status == 0, "\(server.errors)")
        let answer = try JSONValue.parse(server.output)
        #expect(answer["requirements"] == ["scipy==1.1", "mlflow==3.1.0"])
        let identifier = try #require(answer["identifier"]?.stringValue)
        let first = answer["commands"]?.arrayValue?.first
        #expect(first == ["/bin/sh", "-m", "venv", "--clear", .string("/nowhere/envs/" + identifier)])
        let read = server.requests.filter { $0.contains("artifacts/artifacts") }.map { $0.split(separator: "/").last }
        #expect(read == ["MLmodel", "python_env.yaml", "requirements.txt", "conda.yaml"])
    }

    @Test("A directory needs no server; the plan is readable")
    func directory() async throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-env-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data("flavors: {}\n".utf8).write(to: place.appendingPathComponent("MLmodel"))
        try Data("mlflow==3.1\nscipy\n".utf8).write(to: place.appendingPathComponent("requirements.txt"))
        let server = CannedServer([String: JSONValue]())
        #expect(
            await server.run("model", "env", place.path, "--dry-run", "--directory", place.path, "--python", "/bin/sh")
                == 0
        )
        #expect(server.requests.isEmpty)
        #expect(server.output.hasPrefix("/bin/sh -m venv --clear \(place.path)/"))
        #expect(server.output.hasSuffix("with these requirements:\n  mlflow==3.1\n  scipy\n"))
        #expect(await server.run("model", "env", "--list", "--directory", place.path) == 0)
        #expect(server.output.hasSuffix("There are no environments.\n"))
        #expect(await server.run("model", "env", place.path, "--remove", "--directory", place.path) == 1)
        #expect(server.errors.contains("There is no environment"))
    }

    @Test(
        "What names no model, or lies elsewhere, is refused with what would do",
        arguments: [
            ("nothing", "is neither a directory"), ("models:/m-1", "do not lie on the server"),
            ("models:/reg/9", "There is no"),
        ]
    )
    func refused(source: String, words: String) async {
        let server = CannedServer(answers)
        #expect(await server.run("model", "env", source, "--dry-run", "--directory", "/nowhere") == 1)
        #expect(server.errors.contains(words), "\(server.errors)")
    }

    @Test(
        "A model is named unless the environments are listed, and the ways exclude one another",
        arguments: [
            ["model", "env"], ["model", "env", "a", "--list", "--remove"],
            ["model", "env", "a", "--dry-run", "--remove"],
        ]
    )
    func usage(arguments: [String]) async {
        let server = CannedServer([String: JSONValue]())
        let status =
            arguments.count == 2
            ? await server.run(arguments[0], arguments[1])
            : await server.run(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4])
        #expect(status == 64)
    }
}
