import Core

/// What the storyline asks the server, and what it reads from the answers.
struct DemoServer: Sendable {
    let client: ServerClient
    private static let api = "/api/martlet/v1"
    private static let mlflow = "/api/2.0/mlflow"

    /// Applies the manifest and returns how many objects it declares.
    func apply(_ manifest: DemoManifest) async throws -> Int {
        let body: JSONValue = ["manifest": .string(manifest.text), "directory": .string(manifest.directory)]
        let answer = try await client.send("POST", Self.api + "/apply", body)
        return try JSONFields(answer).array("changes").count
    }

    /// Starts a run and returns its id.
    func startPipeline(_ name: String, _ parameters: JSONObject) async throws -> String {
        let body: JSONValue = ["parameters": .object(parameters)]
        return try JSONFields(try await client.send("POST", Self.api + "/pipelines/\(name)/runs", body)).string("id")
    }

    /// A pipeline run with its tasks.
    func pipelineRun(_ id: String) async throws -> DemoRun {
        try DemoRun(try await client.send("GET", Self.api + "/pipeline-runs/\(id)"))
    }

    /// A dataset's size, checks and parts.
    func dataset(_ name: String) async throws -> (rows: Int64, checks: Int, parts: String) {
        let fields = try JSONFields(try await client.send("GET", Self.api + "/data/\(name)"))
        let parts = try fields.array("splits").map { value in
            let part = try JSONFields(value)
            return "\(try part.string("name")) \(try part.int("rows"))"
        }
        return (try fields.int("clean_rows"), try fields.array("checks").count, parts.joined(separator: ", "))
    }

    /// Rows of one part of a dataset as traffic.
    func heldOutRows(_ name: String, part: String, seed: UInt64) async throws -> TrafficRows {
        var columns: [String] = []
        var rows: [[JSONValue]] = []
        var token: String?
        repeat {
            let page = token.map { "&page_token=\($0)" } ?? ""
            let answer = try await client.send("GET", Self.api + "/data/\(name)/rows?split=\(part)&limit=500\(page)")
            let fields = try JSONFields(answer)
            columns = try fields.strings("columns")
            rows += try fields.array("items").compactMap(\.arrayValue)
            token = try fields.optionalString("next_page_token")
        } while token != nil
        let target = try JSONFields(try await client.send("GET", Self.api + "/data/\(name)")).fields("target")
        return try TrafficRows(
            columns: columns,
            rows: rows,
            target: try target.string("column"),
            classes: try target.strings("classes"),
            seed: seed
        )
    }

    /// The version that an alias names, by MLflow's API.
    func aliasVersion(_ model: String, _ alias: String) async throws -> Int {
        let answer = try await client.send("GET", Self.mlflow + "/registered-models/alias?name=\(model)&alias=\(alias)")
        return try Self.version(of: JSONFields(answer).fields("model_version"))
    }

    /// The newest version of a model, by MLflow's API.
    func newestVersion(_ model: String) async throws -> Int {
        let body: JSONValue = ["name": .string(model)]
        let answer = try await client.send("POST", Self.mlflow + "/registered-models/get-latest-versions", body)
        var newest = 0
        for value in try JSONFields(answer).array("model_versions") {
            newest = max(newest, try Self.version(of: JSONFields(value)))
        }
        return newest
    }

    private static func version(of fields: JSONFields) throws(MartletError) -> Int {
        guard let version = Int(try fields.string("version")) else {
            throw fields.invalid("version", "must be a number")
        }
        return version
    }

    /// A deployment.
    func deployment(_ name: String) async throws -> DemoDeployment {
        try DemoDeployment(try await client.send("GET", Self.api + "/deployments/\(name)"))
    }

    /// A monitor.
    func monitor(_ name: String) async throws -> DemoMonitor {
        try DemoMonitor(try await client.send("GET", Self.api + "/monitors/\(name)"))
    }

    /// The loops, newest first.
    func loops() async throws -> [DemoLoop] {
        let answer = try await client.send("GET", Self.api + "/loops")
        return try JSONFields(answer).array("items").map { try DemoLoop($0) }
    }

    /// One loop.
    func loop(_ id: String) async throws -> DemoLoop {
        try DemoLoop(try await client.send("GET", Self.api + "/loops/\(id)"))
    }
}
