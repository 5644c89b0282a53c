import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Registry
import TestSupport
import Testing

/// What travels over HTTP: the shape of replies and of errors.
@Suite(.overEveryDatabase) struct RegistryRoutesTests {
    private let fixture: RegistryFixture
    private let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await RegistryFixture()
        let routes = RouteTable.forTests(router)
        ModelRoutes(store: fixture.store).register(in: routes)
        ModelVersionRoutes(store: fixture.store).register(in: routes)
        try routes.validate()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil
    ) async throws -> (status: Int, json: JSONValue?) {
        try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: "/api/2.0/mlflow/\(path)",
                method: method,
                headers: body == nil ? [:] : [.contentType: "application/json"],
                body: body.map { ByteBuffer(string: $0) }
            )
            return (response.status.code, try? JSONValue.parse(String(buffer: response.body)))
        }
    }

    @Test func fromModelToAlias() async throws {
        let created = try await send(.post, "registered-models/create", #"{"name":"m","description":"d"}"#)
        #expect(created.json?["registered_model"]?["description"] == "d")
        let body = #"{"name":"m","source":"runs:/run1/model","run_id":"run1","tags":[{"key":"k","value":"v"}]}"#
        let version = try await send(.post, "model-versions/create", body).json?["model_version"]
        let time = JSONValue.integer(fixture.clock.now.milliseconds)
        let expected: JSONValue = [
            "name": "m", "version": "1", "creation_timestamp": time, "last_updated_timestamp": time,
            "current_stage": "None", "description": "", "source": "runs:/run1/model", "run_id": "run1",
            "status": "READY", "run_link": "", "tags": [["key": "k", "value": "v"]],
        ]
        #expect(version == expected)
        let alias = try await send(.post, "registered-models/alias", #"{"name":"m","alias":"live","version":"1"}"#)
        #expect(alias.status == 200)
        #expect(alias.json == [:])
        let found = try await send(.get, "registered-models/alias?name=m&alias=live").json?["model_version"]
        #expect(found?["aliases"] == ["live"])
        let model = try await send(.get, "registered-models/get?name=m").json?["registered_model"]
        #expect(model?["aliases"] == [["alias": "live", "version": "1"]])
        #expect(model?["latest_versions"]?.arrayValue?.count == 1)
        let uri = try await send(.get, "model-versions/get-download-uri?name=m&version=1").json
        #expect(uri == ["artifact_uri": "runs:/run1/model"])
        let staged = try await send(
            .post,
            "model-versions/transition-stage",
            #"{"name":"m","version":"1","stage":"production","archive_existing_versions":false}"#
        )
        #expect(staged.json?["model_version"]?["current_stage"] == "Production")
        let latest = try await send(.get, "registered-models/get-latest-versions?name=m&stages=Production")
        #expect(latest.json?["model_versions"]?.arrayValue?.count == 1)
        #expect(try await send(.get, "registered-models/search").json?["registered_models"]?.arrayValue?.count == 1)
        #expect(try await send(.get, "model-versions/search?filter=name%3D'm'").json?["model_versions"] != nil)
        #expect(try await send(.delete, "registered-models/alias", #"{"name":"m","alias":"live"}"#).status == 200)
        #expect(try await send(.delete, "model-versions/delete", #"{"name":"m","version":"1"}"#).status == 200)
        #expect(try await send(.delete, "registered-models/delete", #"{"name":"m"}"#).status == 200)
        #expect(try await send(.get, "registered-models/get?name=m").status == 404)
    }

    @Test func errorsHaveMLflowsShape() async throws {
        _ = try await send(.post, "registered-models/create", #"{"name":"m"}"#)
        let taken = try await send(.post, "registered-models/create", #"{"name":"m"}"#)
        #expect(taken.status == 400)
        #expect(taken.json?["error_code"] == "RESOURCE_ALREADY_EXISTS")
        let alias = try await send(.get, "registered-models/alias?name=m&alias=none")
        #expect(alias.status == 400)
        let expected: JSONValue = [
            "error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias none not found.",
        ]
        #expect(alias.json == expected)
        let missing = try await send(.get, "model-versions/get?name=m&version=1")
        #expect(missing.status == 404)
        #expect(missing.json?["message"] == "Model Version (name=m, version=1) not found")
        for version in ["abc", "9223372036854775808", "1.0", ""] {
            #expect(try await send(.get, "model-versions/get?name=m&version=\(version)").status == 400)
        }
        let word = try await send(.get, "model-versions/get?name=m&version=abc").json?["message"]
        #expect(word == "Parameter 'version' must be an integer, got 'abc'.")
        for version in ["-1", "0", "9223372036854775807"] {
            #expect(try await send(.get, "model-versions/get?name=m&version=\(version)").status == 404)
        }
        #expect(try await send(.get, "registered-models/get?name=a%2Fb").status == 400)
        // DELETE takes its arguments in the body only.
        #expect(try await send(.delete, "registered-models/delete?name=m").status == 400)
        let stage = #"{"name":"m","version":"1","stage":"Nowhere","archive_existing_versions":false}"#
        #expect(try await send(.post, "model-versions/transition-stage", stage).status == 400)
        #expect(try await send(.get, "registered-models/search?max_results=1001").status == 400)
        #expect(try await send(.get, "registered-models/search?page_token=x").status == 400)
        let source = try await send(.post, "model-versions/create", #"{"name":"m","source":"file:///etc"}"#)
        #expect(source.status == 400)
        let owner = try await send(.post, "model-versions/create", #"{"name":"m","source":"runs:/run1/model"}"#)
        #expect(owner.status == 400)
    }

    @Test func changes() async throws {
        _ = try await send(.post, "registered-models/create", #"{"name":"m"}"#)
        _ = try await send(.post, "model-versions/create", #"{"name":"m","source":"runs:/run1/model","run_id":"run1"}"#)
        #expect(try await send(.patch, "registered-models/update", #"{"name":"m","description":"d"}"#).status == 200)
        let tag = #"{"name":"m","version":"1","key":"k","value":"v"}"#
        #expect(try await send(.post, "registered-models/set-tag", tag).status == 200)
        #expect(try await send(.post, "model-versions/set-tag", tag).status == 200)
        #expect(try await send(.delete, "registered-models/delete-tag", tag).status == 200)
        #expect(try await send(.delete, "model-versions/delete-tag", tag).status == 200)
        let update = try await send(.patch, "model-versions/update", #"{"name":"m","version":"1","description":"x"}"#)
        #expect(update.json?["model_version"]?["description"] == "x")
        let renamed = try await send(.post, "registered-models/rename", #"{"name":"m","new_name":"n"}"#)
        #expect(renamed.json?["registered_model"]?["name"] == "n")
    }
}
