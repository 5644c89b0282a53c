import Core
import Server
import Testing

/// Errors begin with the file and the line of the field that they name.
@Suite struct ManifestPlaceTests {
    private static let head = "version: 1\ndeployments:\n  cancer:\n    model: cancer\n"

    @Test(arguments: [
        ("version: 2\n", "m.yaml:1: 'version' must be 1"),
        ("version: 1\n\ndatta: {}\n", "m.yaml:3: 'datta' is not a known key; did you mean 'data'? Allowed here:"),
        (head + "    modle: x\n", "m.yaml:5: 'deployments.cancer.modle' is not a known key; did you mean 'model'?"),
        (head + "    rollout:\n      bake: 4s\n      bke: 1\n", "m.yaml:7: 'deployments.cancer.rollout.bke'"),
        (head + "    rollout:\n      checks:\n        error_rate: {max: 2}\n", "m.yaml:7: 'deployments.cancer.rollout"),
        ("version: 1\ndeployments:\n  cancer:\n    alias: x\n", "m.yaml:3: 'deployments.cancer.model' is missing."),
        (
            "version: 1\npipelines:\n  p:\n    tasks:\n      a:\n        run: [ls]\n      b: {run: [ls], neds: [a]}\n",
            "m.yaml:7: 'pipelines.p.tasks.b.neds' is not a known key; did you mean 'needs'?"
        ),
        (
            head + "monitors:\n  m:\n    deployment: cancr\n",
            "m.yaml:7: 'monitors.m.deployment' names 'cancr', which is not declared under 'deployments'; "
                + "did you mean 'cancer'?"
        ),
        (
            "version: 1\ndata:\n  d:\n    source: {file: a.csv}\n    columns:\n      - x\n      - x\n",
            "m.yaml:7: 'data.d.columns[1]' names the column 'x' a second time."
        ),
        ("version: 1\nversion: 1\n", "the key 'version' appears twice in the mapping at line 1"),
        ("version: 1\ndata: [\n", "line 3"),
    ])
    func theLineOfTheFieldIsNamed(yaml: String, message: String) async throws {
        try await RunningServer.with { client in
            let answer = try await client.diff(yaml, name: "m.yaml")
            #expect(answer.status == 400, "answered: \(answer.status)")
            let said = answer.json?["error"]?["message"]?.stringValue ?? ""
            #expect(said.contains(message), "said: \(said)")
        }
    }

    @Test("A file's name is bounded")
    func names() async throws {
        try await RunningServer.with { client in
            let longest = String(repeating: "a", count: ServerLimits.manifestNameBytes)
            let status1 = try await client.diff("version: 1\n", name: longest).status
            #expect(status1 == 200)
            let status2 = try await client.diff("version: 1\n", name: longest + "a").status
            #expect(status2 == 400)
            let status3 = try await client.diff("version: 1\n", name: "").status
            #expect(status3 == 400)
        }
    }
}
