import Core
import Foundation
import Runtimes
import Testing

/// What a model says about the Python that it needs, and the environments that satisfy it.
struct PythonRequirementsTests {
    private func requirements(_ files: [String: String]) throws -> PythonRequirements? {
        try PythonRequirements { name in files[name].map { Array($0.utf8) } }
    }

    private let environment =
        "python: 3.11.7\nbuild_dependencies:\n- pip==24.0\n- wheel\ndependencies:\n- -r requirements.txt\n"

    @Test("python_env.yaml names the version, what comes first, and the file with the rest")
    func pythonEnvironment() throws {
        let found = try #require(
            try requirements([
                "python_env.yaml": environment,
                "requirements.txt":
                    "# made by MLflow\nmlflow==3.1\n\nnumpy==2.0 --hash=sha256:ab \\\n    --hash=sha256:cd  \n",
            ])
        )
        #expect(found.python == "3.11.7" && found.majorMinor == "3.11")
        #expect(found.build == ["pip==24.0", "wheel"])
        #expect(found.lines == ["mlflow==3.1", "numpy==2.0 --hash=sha256:ab \\", "    --hash=sha256:cd"])
    }

    @Test("Without it, requirements.txt; without that, the pip part of conda.yaml; without any, nothing")
    func others() throws {
        #expect(
            try requirements(["requirements.txt": "mlflow-skinny[x]>=3\npandas\n"])?.lines == [
                "mlflow-skinny[x]>=3", "pandas",
            ]
        )
        let conda = "name: env\ndependencies:\n- python=3.10.4\n- pip<=24\n- pip:\n  - mlflow\n  - scipy==1.1\n"
        let found = try requirements(["conda.yaml": conda])
        #expect(found?.lines == ["mlflow", "scipy==1.1"] && found?.majorMinor == "3.10")
        #expect(try requirements(["MLmodel": "mlflow_version: 3.1.0\n"]) == nil)
    }

    @Test("MLflow is added in the model's own version where the model does not name it")
    func mlflow() throws {
        let files = ["requirements.txt": "mlflow_export\nscipy", "MLmodel": "mlflow_version: 3.1.0\n"]
        #expect(try requirements(files)?.lines.last == "mlflow==3.1.0")
        #expect(try requirements(["requirements.txt": "scipy"])?.lines.last == "mlflow")
    }

    @Test("Files that are no YAML are named; too many lines are refused")
    func broken() throws {
        let error = #expect(throws: MartletError.self) { try requirements(["python_env.yaml": "a: [b"]) }
        #expect(error?.message.contains("'python_env.yaml'") == true)
        func lines(_ count: Int) -> [String: String] {
            ["requirements.txt": String(repeating: "mlflow\n", count: count)]
        }
        #expect(try requirements(lines(WorkerLimits.requirementLines))?.lines.count == WorkerLimits.requirementLines)
        #expect(throws: MartletError.self) { try requirements(lines(WorkerLimits.requirementLines + 1)) }
    }

    @Test("The same requirements have the same identifier, any difference another")
    func identifier() throws {
        let base = ["python_env.yaml": environment, "requirements.txt": "mlflow==3.1\nscipy\n"]
        let first = try requirements(base)?.identifier
        #expect(first?.count == 32)
        #expect(
            try requirements(base.merging(["requirements.txt": "# why\nmlflow==3.1\n\nscipy"]) { $1 })?.identifier
                == first
        )
        #expect(
            try requirements(base.merging(["python_env.yaml": environment.replacing("3.11.7", with: "3.11.9")]) { $1 })?
                .identifier == first
        )
        for (name, text) in [
            ("requirements.txt", "mlflow==3.2\nscipy"), ("requirements.txt", "scipy\nmlflow==3.1"),
            ("python_env.yaml", environment.replacing("3.11.7", with: "3.12.0")),
            ("python_env.yaml", environment.replacing("24.0", with: "25.0")),
        ] {
            #expect(try requirements(base.merging([name: text]) { $1 })?.identifier != first)
        }
    }

    @Test("Only complete environments are found, listed up to the limit, and removed")
    func environments() throws {
        let place = NSTemporaryDirectory() + "martlet-environments-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: place) }
        let environments = PythonEnvironments(directory: place)
        #expect(environments.all().isEmpty && environments.all().count <= WorkerLimits.environments)
        let identifier = String(repeating: "a1", count: 16)
        let folder = environments.path(of: identifier)
        try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder + "/bin/python", withDestinationPath: "/bin/sh")
        #expect(environments.environment(identifier) == nil, "it is not complete")
        try Data("{\"python\":\"3.11\"}".utf8).write(to: URL(fileURLWithPath: folder + "/martlet-environment.json"))
        #expect(environments.environment(identifier)?.interpreter == folder + "/bin/python")
        #expect(environments.all().map(\.identifier) == [identifier])
        for stranger in ["..", "../" + identifier, "A1" + identifier.dropFirst(2), ""] {
            #expect(environments.environment(stranger) == nil)
            let removed = try environments.remove(stranger)
            #expect(!removed)
        }
        let removed = try environments.remove(identifier)
        #expect(removed && environments.all().isEmpty)
    }

    @Test("The commands make the environment, then install what comes first, then the rest; a failed one is told")
    func builder() async throws {
        let place = NSTemporaryDirectory() + "martlet-builder-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: place) }
        let found = try #require(try requirements(["python_env.yaml": environment, "requirements.txt": "mlflow"]))
        let environments = PythonEnvironments(directory: place)
        let builder = PythonEnvironmentBuilder(
            environments: environments,
            requirements: found,
            interpreter: "/bin/false",
            variables: [:]
        )
        let folder = environments.path(of: found.identifier)
        #expect(
            builder.commands.map { $0.suffix(2) } == [
                ["--clear", folder], ["pip==24.0", "wheel"], ["-r", folder + "/requirements.txt"],
            ]
        )
        let error = await #expect(throws: MartletError.self) { try await builder.build { _ in } }
        #expect(error?.code == .failedPrecondition && error?.message.contains("'-m venv --clear' failed") == true)
        #expect(environments.all().isEmpty)
    }
}
