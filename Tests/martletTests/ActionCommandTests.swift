import Core
import Foundation
import Testing
import TestSupport
import martlet

/// Commands that change something, and what they say when they cannot.
struct ActionCommandTests {
    static let api = "/api/martlet/v1"

    @Test func aliases() async {
        let path = "/api/2.0/mlflow/registered-models/alias"
        let server = CannedServer(["POST \(path)": [:], "DELETE \(path)": [:]])
        #expect(await server.run("model", "promote", "cancer", "3") == 0)
        #expect(await server.run("model", "alias", "set", "cancer", "staging", "2") == 0)
        #expect(await server.run("model", "alias", "delete", "cancer", "staging") == 0)
        #expect(
            server.bodies == [
                ["name": "cancer", "alias": "production", "version": "3"],
                ["name": "cancer", "alias": "staging", "version": "2"], ["name": "cancer", "alias": "staging"],
            ]
        )
        #expect(server.output.contains("cancer@production → version 3"))
        #expect(await server.run("model", "promote", "cancer", "three") == 64)
    }

    @Test(arguments: ["rollback", "promote", "pause", "resume", "confirm", "abort"])
    func rollouts(_ verb: String) async {
        let server = CannedServer([
            "POST \(Self.api)/deployments/a%2Fb/\(verb)": ["name": "a/b", "ready": true, "stable_version": 1]
        ])
        #expect(await server.run("deployment", verb, "a/b") == 0)
        #expect(server.output.contains("version 1"))
        #expect(server.bodies == [[:]])
    }

    @Test func pardon() async {
        let server = CannedServer(["POST \(Self.api)/deployments/cancer/pardon": ["name": "cancer"]])
        #expect(await server.run("deployment", "pardon", "cancer", "3") == 0)
        #expect(server.bodies == [["version": 3]])
    }

    @Test func deploymentsAreSetFieldByField() async {
        let known: JSONValue = [
            "spec": [
                "model": "cancer", "alias": "production",
                "rollout": ["strategy": "canary", "steps": [10, 100], "bake": "4000ms"],
            ]
        ]
        let path = "\(Self.api)/deployments/cancer"
        let server = CannedServer(["GET \(path)": known, "PUT \(path)": ["name": "cancer"], "DELETE \(path)": [:]])
        #expect(await server.run("deployment", "set", "cancer", "--version", "3") == 0)
        #expect(
            await server.run(
                "deployment",
                "set",
                "cancer",
                "--strategy",
                "shadow",
                "--weight",
                "stable=80",
                "--weight",
                "@new=20",
                "--mirror",
                "7=5",
                "--min-replicas",
                "0"
            ) == 0
        )
        #expect(await server.run("deployment", "set", "cancer", "--weight", "stable") == 1)
        #expect(server.errors.contains("must be TARGET=PERCENT"))
        #expect(await server.run("deployment", "delete", "cancer") == 0)
        #expect(
            server.bodies == [
                [
                    "model": "cancer", "rollout": ["strategy": "canary", "steps": [10, 100], "bake": "4000ms"],
                    "version": 3,
                ],
                [
                    "model": "cancer", "alias": "production", "rollout": ["strategy": "shadow", "bake": "4000ms"],
                    "traffic": [
                        "weights": [["to": "stable", "percent": 80], ["to": "@new", "percent": 20]],
                        "shadow": [["to": 7, "percent": 5]],
                    ],
                    "replicas": ["min": 0],
                ],
            ]
        )
    }

    @Test func deploymentsOfAFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "deployments-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ text: String) throws -> String {
            let file = folder.appending(path: "martlet.yaml")
            try Data(text.utf8).write(to: file)
            return file.path
        }
        let server = CannedServer([
            "PUT \(Self.api)/deployments/a": ["name": "a", "spec": ["model": "m", "version": 3]]
        ])
        let whole = try write("version: 1\ndeployments:\n  a: {model: 'models:/m/3'}\n")
        #expect(await server.run("deployment", "apply", "-f", whole) == 0)
        #expect(server.output.contains("m/3"))
        let part = try write("a: {model: m}\n")
        #expect(await server.run("deployment", "apply", "-f", part) == 0)
        #expect(server.bodies == [["model": "models:/m/3"], ["model": "m"]])
        let empty = try write("# nothing\n")
        #expect(await server.run("deployment", "apply", "-f", empty) == 1)
        #expect(server.errors.contains("declares no deployments"))
    }

    @Test func fire() async {
        let server = CannedServer(["POST \(Self.api)/triggers/t/fire": ["id": "0123"]])
        #expect(await server.run("loop", "fire", "t", "--reason", "new device", "--force") == 0)
        #expect(server.output == "0123\n")
        #expect(server.bodies == [["force": true, "reason": "new device"]])
    }

    @Test func refusalsKeepTheServersMessage() async {
        let refusal: JSONValue = ["error": ["code": "failedPrecondition", "message": "Only 3\u{1B}[2J rows."]]
        let server = CannedServer(["POST \(Self.api)/triggers/t/fire": [.init(status: 409, body: refusal)]])
        #expect(await server.run("loop", "fire", "t") == 1)
        #expect(server.errors == "Error: Only 3\\u{1b}[2J rows.\n")
        #expect(server.output.isEmpty)
    }

    @Test(arguments: [
        #"{"error_code": "X", "message": "mlflow's words"}"#, #"{"error": "mlflow's words"}"#,
        #"{"error": {"message": "mlflow's words"}}"#,
    ])
    func everyShapeOfError(_ body: String) async throws {
        let answer = CannedServer.Answer(status: 400, body: try JSONValue.parse(body))
        let server = CannedServer(["GET \(Self.api)/loops/x": [answer]])
        #expect(await server.run("loop", "show", "x") == 1)
        #expect(server.errors == "Error: mlflow's words\n")
    }

    @Test func parametersAreTyped() async {
        let server = CannedServer(["POST \(Self.api)/pipelines/p/runs": ["id": "r1"]])
        let status = await server.run(
            "pipeline",
            "run",
            "p",
            "--param",
            "trials=20",
            "--param",
            "fast=true",
            "--param",
            "name=a=b c",
            "--param",
            "empty=",
            "--param",
            "rate=0.5"
        )
        #expect(status == 0)
        #expect(server.output == "r1\n")
        #expect(
            server.bodies == [
                ["parameters": ["trials": 20, "fast": true, "name": "a=b c", "empty": "", "rate": 0.5]]
            ]
        )
        #expect(await server.run("pipeline", "run", "p", "--param", "trials") == 1)
        #expect(await server.run("pipeline", "run", "p", "--param", "=1") == 1)
        #expect(await server.run("pipeline", "run", "p", "--param", "a=1", "--param", "a=2") == 1)
        #expect(server.bodies.count == 1)
    }

    @Test func applyAndDiff() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "martlet.yaml")
        try "version: 1\n".write(to: file, atomically: true, encoding: .utf8)
        let changes: JSONValue = [
            "changes": [
                ["section": "pipelines", "name": "train", "change": "created"],
                ["section": "triggers", "name": "t", "change": "unchanged"],
            ], "differs": true,
        ]
        let server = CannedServer(["POST \(Self.api)/apply": changes, "POST \(Self.api)/diff": changes])
        #expect(await server.run("apply", file.path) == 0)
        #expect(server.output.contains("+ pipelines/train\n= triggers/t\n"))
        #expect(server.errors == "1 of 2 applied; the rest was there already.\n")
        #expect(server.bodies.first?["manifest"] == "version: 1\n")
        #expect(server.bodies.first?["directory"]?.stringValue?.hasSuffix(folder.lastPathComponent) == true)
        #expect(await server.run("diff", file.path) == 0)
        #expect(server.errors.hasSuffix("1 of 2 differ from the server.\n"))
        #expect(await server.run("diff", file.path, "--exit-code") == 2)

        let requests = server.requests.count
        let blob = Data(repeating: UInt8(ascii: "#"), count: CommandLimits.manifestBytes + 1)
        for (name, content) in [("large", blob), ("latin", Data([0xFF, 0xFE]))] {
            try content.write(to: folder.appending(path: name))
            #expect(await server.run("apply", folder.appending(path: name).path) == 1)
        }
        #expect(await server.run("apply", folder.appending(path: "missing.yaml").path) == 1)
        #expect(await server.run("apply", folder.path) == 1)
        #expect(server.errors.contains("missing.yaml") && server.errors.contains("UTF-8"))
        #expect(server.requests.count == requests, "nothing is sent")
        try blob.dropLast().write(to: folder.appending(path: "largest"))
        #expect(await server.run("apply", folder.appending(path: "largest").path) == 0)
    }

    @Test func unreachableServersAreNamedWithTheRemedy() async throws {
        let client = try ServerClient(address: "http://127.0.0.1:1/")
        let error = await #expect(throws: MartletError.self) { try await client.get("/x") }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("http://127.0.0.1:1.") == true)
        #expect(error?.message.contains("martlet up") == true)
    }

    @Test func aServerThatIsSilentIsNotWaitedForForEver() async throws {
        let listener = try Listener()
        let client = try ServerClient(address: "http://127.0.0.1:\(listener.port)", timeout: .milliseconds(50))
        let error = await #expect(throws: MartletError.self) { try await client.get("/x") }
        #expect(error?.code == .deadlineExceeded && error?.message.contains("\(listener.port)") == true)
        #expect(CommandLimits.requestTimeout > .seconds(30), "a large apply may take a while")
    }

    @Test(arguments: ["", "127.0.0.1:5000", "ftp://x", "http://", "file:///etc/passwd", "http:///x"])
    func addressesThatAreNone(_ address: String) {
        let error = #expect(throws: MartletError.self) { try ServerClient(address: address) }
        #expect(error?.message.contains("--server") == true)
    }

    @Test(arguments: [("a b/../c?d#e%", "a%20b%2F..%2Fc%3Fd%23e%25"), ("ünï", "%C3%BCn%C3%AF"), ("a-b._~", "a-b._~")])
    func segmentsAreEscaped(_ text: String, _ escaped: String) {
        #expect(ServerClient.segment(text) == escaped)
    }
}
