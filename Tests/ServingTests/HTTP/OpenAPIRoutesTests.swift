import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Rollouts
import Serving
import Synchronization
import Testing

@Suite("The API's description")
struct OpenAPIRoutesTests {
    /// The description of a server with one deployment, and the table that it was made from.
    private func get(_ path: String, _ harness: ServingHarness) async throws -> (
        answer: HTTPAnswer, entries: [RouteTable.Entry]
    ) {
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        let entries = Mutex<[RouteTable.Entry]>([])
        PredictRoutes(plane: harness.plane).register(in: routes)
        V1Routes(plane: harness.plane).register(in: routes)
        V2Routes(plane: harness.plane, serverVersion: "test").register(in: routes)
        InvocationRoutes(plane: harness.plane).register(in: routes)
        routes.delete("/things/**", permission: .admin, errors: .mlflow) { _, _ in .text("") }
        let all = routes.entries
        entries.withLock { $0 = all }
        OpenAPIRoutes(plane: harness.plane, version: "1.2.3") { all }.register(in: routes)
        try routes.validate()
        let answer = try await Application(router: router).test(.router) { client in
            let response = try await client.execute(uri: path, method: .get)
            return HTTPAnswer(
                status: response.status.code,
                headers: response.headers,
                bytes: Array(response.body.readableBytesView)
            )
        }
        return (answer, all)
    }

    @Test("Every route is there with its permission and its errors")
    func routes() async throws {
        let harness = try await ServingHarness.serving()
        let (answer, entries) = try await get("/openapi.json", harness)
        #expect(answer.status == 200)
        let document = try answer.json
        #expect(document["openapi"] == "3.1.0")
        #expect(document["info"]?["version"] == "1.2.3")
        let paths = try #require(document["paths"]?.objectValue)
        for entry in entries {
            for path in OpenAPIDocument.paths(of: entry) {
                let operation = try #require(paths[path]?[entry.method.lowercased()], "\(entry.method) \(path)")
                #expect(operation["x-martlet-permission"] == .string(entry.permission.rawValue))
            }
        }
        let catchAll = try #require(paths["/things/{path}"]?["delete"])
        #expect(
            catchAll["responses"]?["default"]?["content"]?["application/json"]?["schema"]
                == ["$ref": "#/components/schemas/MLflowError"]
        )
        let ids = paths.pairs.flatMap {
            $0.value.objectValue?.pairs.map { $0.value["operationId"]?.stringValue ?? "" } ?? []
        }
        #expect(Set(ids).count == ids.count)
    }

    @Test("A deployment has paths of its own, whose examples it answers")
    func examples() async throws {
        let harness = try await ServingHarness.serving()
        let document = try await get("/openapi.json", harness).answer.json
        let paths = try #require(document["paths"]?.objectValue)
        var asked = 0
        for (path, item) in paths.pairs where path.contains("cancer") {
            guard let example = item["post"]?["requestBody"]?["content"]?["application/json"]?["example"] else {
                continue
            }
            let answer = try await harness.send(.post, path, example.description)
            #expect(answer.status == (path.contains("explain") ? 501 : 200), "\(path): \(answer.text)")
            asked += 1
        }
        #expect(asked == 6)
        let body = paths["/v1/models/cancer:predict"]?["post"]?["requestBody"]?["content"]?["application/json"]?[
            "schema"
        ]
        #expect(body?.description.contains(#""minItems":2"#) == true)
    }

    @Test("Models of tensors and tables are described by their own names and types")
    func otherModels() async throws {
        for (harness, names) in [
            (try await ServingHarness.serving(WordRuntime()), ["ids", "words"]),
            (try await ServingHarness.serving(TableRuntime(), signature: .person), ["age", "tags"]),
        ] {
            let paths = try await get("/openapi.json?deployment=cancer", harness).answer.json["paths"]
            let body = paths?["/v2/models/cancer/infer"]?["post"]?["requestBody"]?.description ?? ""
            for name in names { #expect(body.contains("\"\(name)\""), "\(body)") }
        }
        #expect(ServingLimits.exampleValues > 0)
        let harness = try await ServingHarness.serving()
        #expect(try await get("/openapi.json?deployment=none", harness).answer.status == 404)
    }

    @Test("At most so many models are described at once")
    func bounded() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        try await harness.controller.apply(
            (0...ServingLimits.describedModels).map { number in
                DeploymentSpec(name: "d\(100 + number)", model: "cancer", alias: "production", rollout: .quick)
            }
        )
        let document = try await get("/openapi.json", harness).answer.json
        let paths = try #require(document["paths"]?.objectValue)
        let described = Set(paths.keys.filter { $0.hasPrefix("/v2/models/d") }.map { $0.split(separator: "/")[2] })
        #expect(described.count == ServingLimits.describedModels)
    }

    @Test("The page needs nothing from elsewhere")
    func page() async throws {
        let harness = try await ServingHarness.serving()
        for (path, type) in [
            ("/docs/api", "text/html"), ("/docs/api/page.css", "text/css"), ("/docs/api/page.js", "text/javascript"),
        ] {
            let answer = try await get(path, harness).answer
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType]?.hasPrefix(type) == true)
            #expect(answer.headers[.contentSecurityPolicy]?.contains("default-src 'self'") == true)
            #expect(!answer.text.contains("http://") && !answer.text.contains("https://"))
            #expect(!answer.text.contains("innerHTML") && !answer.text.contains("onclick="))
        }
    }
}
