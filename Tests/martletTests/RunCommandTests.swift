import Core
import Foundation
import TestSupport
import Testing
import martlet

/// Runs: chosen, compared, exported, deleted; experiments: created, changed, exported.
struct RunCommandTests {
    static let mlflow = "/api/2.0/mlflow"

    static func run(_ id: String, _ name: String, metrics: [JSONValue], params: [JSONValue]) -> JSONValue {
        [
            "info": [
                "run_id": .string(id), "run_name": .string(name), "experiment_id": "1", "status": "FINISHED",
                "user_id": "ann", "start_time": 1_767_225_600_000, "end_time": 1_767_225_602_500,
            ],
            "data": [
                "metrics": .array(metrics), "params": .array(params),
                "tags": [
                    ["key": "team", "value": "red, \"blue\"\nand green"], ["key": "mlflow.user", "value": "ann"],
                ],
            ],
        ]
    }

    static let first = run(
        "r1",
        "first",
        metrics: [["key": "loss", "value": 0.123456789], ["key": "odd", "value": "NaN"]],
        params: [["key": "depth", "value": "3"], ["key": "eta", "value": "0.1"]]
    )
    static let second = run(
        "r2",
        "second \u{1B}[2J",
        metrics: [["key": "loss", "value": 0.2], ["key": "auc", "value": "Infinity"]],
        params: [["key": "depth", "value": "3"]]
    )

    static func server(_ more: [String: JSONValue] = [:]) -> CannedServer {
        let answers: [String: JSONValue] = [
            "GET \(mlflow)/experiments/get-by-name?experiment_name=cancer": [
                "experiment": ["experiment_id": "1", "name": "cancer"]
            ],
            "POST \(mlflow)/runs/search": ["runs": [first, second]],
            "GET \(mlflow)/runs/get?run_id=r1": ["run": first],
            "GET \(mlflow)/runs/get?run_id=r2": ["run": second],
        ]
        return CannedServer(answers.merging(more) { $1 })
    }

    @Test func listsWithColumnsAndOrder() async throws {
        let server = Self.server()
        let columns = "name, metrics.loss,metrics.odd,params.eta,tags.team,started,took,user,status,experiment"
        #expect(
            await server.run(
                "run",
                "list",
                "--experiment",
                "cancer",
                "--order-by",
                "metrics.loss ASC",
                "--deleted",
                "--columns",
                columns
            ) == 0
        )
        #expect(server.bodies.last?["order_by"] == ["metrics.loss ASC"])
        #expect(server.bodies.last?["run_view_type"] == "DELETED_ONLY")
        #expect(await server.run("run", "list", "--columns", columns, "--experiment", "cancer", width: 80) == 0)
        #expect(await server.run("run", "list", "--experiment", "cancer", width: 40) == 0)
        try expectGolden(server.output, "runs.txt")
        #expect(await server.run("run", "list", "--columns", "colour") == 1)
        #expect(await server.run("run", "list", "--columns", "metrics.") == 1)
        #expect(await server.run("run", "list", "--columns", " ") == 1)
        #expect(server.errors.contains("'colour'"))
    }

    @Test func compares() async throws {
        let server = Self.server()
        #expect(await server.run("run", "compare", "r1", "r2") == 0)
        #expect(await server.run("run", "compare", "r1", "r2", "--differences", width: 60) == 0)
        #expect(await server.run("run", "compare", "r1", "r1", "--differences", "--system-tags") == 0)
        #expect(await server.run("run", "compare", "r1", "r2", "--json", "--differences") == 0)
        try expectGolden(server.output, "compare.txt")
        #expect(await server.run("run", "compare", "r1") == 64)
        #expect(await server.run("run", "compare", "r1", "nobody") == 1)
        let many = (0...CommandLimits.comparedRuns).map { "r\($0)" }
        #expect(await InProcessRun.status(server, ["run", "compare"] + many) == 64)
    }

    @Test func exports() async throws {
        let history: JSONValue = [
            "metrics": [
                ["key": "loss", "value": 0.5, "timestamp": 1, "step": 0],
                ["key": "loss", "value": "NaN", "timestamp": "2", "step": "1"],
            ]
        ]
        let path =
            "GET \(Self.mlflow)/metrics/get-history?run_id=r1&metric_key=loss&max_results=\(CommandLimits.historyPage)"
        let server = Self.server([path: history])
        #expect(await server.run("run", "export", "--experiment", "cancer") == 0)
        #expect(await server.run("run", "export", "r1", "--metric", "loss") == 0)
        #expect(await server.run("run", "export", "r1", "--metric", "loss", "--format", "json") == 0)
        #expect(await server.run("experiment", "export", "cancer") == 0)
        try expectGolden(server.output, "export.txt")
        let before = server.output.count
        #expect(await server.run("experiment", "export", "cancer", "--format", "json") == 0)
        let json = try JSONValue.parse(String(server.output.dropFirst(before)))
        #expect(json["runs"]?.arrayValue?.count == 2 && json["experiment"]?["name"] == "cancer")
        #expect(await server.run("run", "export", "r1", "--format", "xml") == 64)
    }

    @Test func exportsToAFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(Identifier.random())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = Self.server()
        let path = folder.appending(path: "runs.csv").path
        #expect(await server.run("run", "export", "r1", "--output", path) == 0)
        #expect(server.output.isEmpty && server.errors.contains("runs.csv"))
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("run_id,run_name"))
        #expect(await server.run("run", "export", "r1", "-o", folder.path + "/no/such/folder.csv") == 1)
        #expect(server.errors.contains("cannot be written"))
    }

    @Test func deletesAndRestores() async {
        let server = Self.server([
            "POST \(Self.mlflow)/runs/delete": [:], "POST \(Self.mlflow)/runs/restore": [:],
            "POST \(Self.mlflow)/experiments/delete": [:], "POST \(Self.mlflow)/experiments/restore": [:],
            "POST \(Self.mlflow)/experiments/update": [:],
            "POST \(Self.mlflow)/experiments/create": ["experiment_id": "9"],
        ])
        #expect(await server.run("run", "delete", "r1", "r2") == 0)
        #expect(await server.run("run", "restore", "r1", "--json") == 0)
        #expect(await server.run("experiment", "delete", "cancer") == 0)
        #expect(await server.run("experiment", "restore", "cancer") == 0)
        #expect(await server.run("experiment", "rename", "cancer", "tumour") == 0)
        #expect(await server.run("experiment", "create", "new", "--tag", "team=red=er") == 0)
        #expect(
            server.bodies == [
                ["run_id": "r1"], ["run_id": "r2"], ["run_id": "r1"], ["experiment_id": "1"], ["experiment_id": "1"],
                ["experiment_id": "1", "new_name": "tumour"],
                ["name": "new", "tags": [["key": "team", "value": "red=er"]]],
            ]
        )
        #expect(server.output.hasSuffix("9\n"))
        #expect(await server.run("experiment", "create", "new", "--tag", "team") == 1)
        #expect(await server.run("run", "delete") == 64)
    }
}

/// Runs a command whose arguments are a list.
enum InProcessRun {
    static func status(_ server: CannedServer, _ arguments: [String]) async -> Int32 {
        let terminal = Terminal(width: nil, colours: false, output: { _ in }, errors: { _ in })
        let client = ServerClient { _ in throw MartletError(.internal, "Nothing is to be asked.") }
        return await InProcess(server: client, terminal: terminal, clock: server.clock.clock).run(arguments)
    }
}
