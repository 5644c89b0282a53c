import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing
import Tracking

/// What travels over HTTP: the shape of replies and of errors.
@Suite(.overEveryDatabase) struct TrackingRoutesTests {
    private let fixture: TrackingFixture
    private let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await TrackingFixture()
        let routes = RouteTable.forTests(router)
        ExperimentRoutes(store: fixture.store).register(in: routes)
        RunRoutes(store: fixture.store).register(in: routes)
        MetricRoutes(store: fixture.store).register(in: routes)
        LoggedModelRoutes(store: fixture.store).register(in: routes)
        ArtifactRoutes(store: fixture.store).register(in: routes)
        ServerInfoRoutes().register(in: routes)
        UnimplementedRoutes().register(in: routes)
        try routes.validate()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil,
        type: String? = "application/json",
        headers: HTTPFields = [:]
    ) async throws -> (status: Int, json: JSONValue?, headers: HTTPFields, text: String) {
        var allHeaders = headers
        if let type, body != nil { allHeaders[.contentType] = type }
        let sent = allHeaders
        return try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: path,
                method: method,
                headers: sent,
                body: body.map { ByteBuffer(string: $0) }
            )
            let text = String(buffer: response.body)
            return (response.status.code, try? JSONValue.parse(text), response.headers, text)
        }
    }

    private func post(_ path: String, _ body: String) async throws -> (status: Int, json: JSONValue?) {
        let reply = try await send(.post, "/api/2.0/mlflow/\(path)", body)
        return (reply.status, reply.json)
    }

    private func get(_ path: String) async throws -> (status: Int, json: JSONValue?) {
        let reply = try await send(.get, "/api/2.0/mlflow/\(path)")
        return (reply.status, reply.json)
    }

    @Test func aRunFromStartToEnd() async throws {
        let created = try await post("experiments/create", #"{"name":"e","tags":[{"key":"k","value":"v"}]}"#)
        #expect(created.json == ["experiment_id": "1"])
        let run = try await post("runs/create", #"{"experiment_id":"1","start_time":5,"run_name":"r"}"#).json?["run"]
        let id = try #require(run?["info"]?["run_id"]?.stringValue)
        let expectedInfo: JSONValue = [
            "run_id": .string(id), "run_uuid": .string(id), "run_name": "r", "experiment_id": "1", "user_id": "",
            "status": "RUNNING", "start_time": 5,
            "artifact_uri": .string("mlflow-artifacts:/1/\(id)/artifacts"), "lifecycle_stage": "active",
        ]
        #expect(run?["info"] == expectedInfo)
        #expect(run?["inputs"] == [:])
        #expect(run?["data"] == ["tags": [["key": "mlflow.runName", "value": "r"]]])
        let batch = #"""
            {"run_id":"\#(id)","metrics":[{"key":"m","value":"NaN","timestamp":"7","step":3}],
             "params":[{"key":"p","value":"1"}],"tags":[{"key":"t"}]}
            """#
        #expect(try await post("runs/log-batch", batch).status == 200)
        let update = try await post("runs/update", #"{"run_id":"\#(id)","status":"FINISHED","end_time":9}"#)
        #expect(update.json?["run_info"]?["end_time"] == 9)
        let data = try await get("runs/get?run_id=\(id)&run_uuid=\(id)").json?["run"]?["data"]
        #expect(data?["metrics"] == [["key": "m", "value": "NaN", "timestamp": 7, "step": 3]])
        #expect(data?["params"] == [["key": "p", "value": "1"]])
        let history = try await get("metrics/get-history?run_id=\(id)&metric_key=m&max_results=10").json
        #expect(history == ["metrics": [["key": "m", "value": "NaN", "timestamp": 7, "step": 3]]])
        #expect(try await get("metrics/get-history?run_id=\(id)&metric_key=none").json == [:])
        let search = try await post("runs/search", #"{"experimentIds":["1"],"filter":"params.p = '1'"}"#)
        #expect(search.json?["runs"]?.arrayValue?.count == 1)
        #expect(try await post("runs/search", "{}").json == [:])
    }

    @Test func errorsHaveMLflowsShape() async throws {
        let missing = try await get("experiments/get?experiment_id=77")
        #expect(missing.status == 404)
        #expect(
            missing.json
                == ["error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No Experiment with id=77 exists"]
        )
        _ = try await post("experiments/create", #"{"name":"e"}"#)
        let taken = try await post("experiments/create", #"{"name":"e"}"#)
        #expect(taken.status == 400)
        #expect(taken.json?["error_code"] == "RESOURCE_ALREADY_EXISTS")
        let absent = try await post("experiments/create", "{}")
        #expect(absent.status == 400)
        #expect(absent.json?["message"]?.stringValue?.contains("Missing value for required parameter 'name'") == true)
        _ = try await post("experiments/delete", #"{"experiment_id":"1"}"#)
        let state = try await post("experiments/update", #"{"experiment_id":"1","new_name":"x"}"#)
        #expect(state.status == 400)
        #expect(state.json?["error_code"] == "INVALID_STATE")
    }

    @Test(arguments: ["", "[]", "null", "42", "{\"name\":", "{\"name\":\"x\"} {}", "{\"name\":1}", "{\"a\":1,\"a\":2}"])
    func malformedBodies(_ body: String) async throws {
        let reply = try await post("experiments/create", body)
        #expect(reply.status == 400)
        #expect(reply.json?["message"]?.stringValue?.isEmpty == false)
    }

    @Test func depthIsBounded() async throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(try await post("experiments/create", "{\"name\":\(deep)").status == 400)
    }

    @Test func otherMediaTypesAreRefused() async throws {
        for type in ["text/plain", "application/x-www-form-urlencoded", nil] {
            let reply = try await send(.post, "/api/2.0/mlflow/experiments/create", #"{"name":"e"}"#, type: type)
            #expect(reply.status == 400)
        }
        #expect(try await fixture.store.experiments().count == 1)
        // Old clients encode the body twice.
        let twice = try await send(.post, "/ajax-api/2.0/mlflow/experiments/create", #""{\"name\":\"e\"}""#)
        #expect(twice.status == 200)
    }

    @Test func enumsAndRunIDsAreChecked() async throws {
        let id = try await fixture.run()
        let wrong = try await post("runs/update", #"{"run_id":"\#(id)","status":"WRONG"}"#)
        #expect(wrong.status == 400)
        #expect(try await post("runs/update", #"{"run_id":"\#(id)","status":3}"#).status == 200)
        for bad in ["a/b", "../x", String(repeating: "x", count: TrackingLimits.runIDCharacters + 1), "-a", "é"] {
            #expect(try await post("runs/delete", #"{"run_id":"\#(bad)"}"#).status == 404)
            for method in ["runs/log-batch", "runs/log-inputs"] {
                let reply = try await post(method, #"{"run_id":"\#(bad)"}"#)
                #expect(reply.status == 400)
                let text = reply.json?["message"]?.stringValue ?? ""
                #expect(text.hasPrefix("Invalid value \"\(bad.prefix(80))\" for parameter 'run_id' supplied."))
            }
        }
        let longest = String(repeating: "x", count: TrackingLimits.runIDCharacters)
        #expect(try await post("runs/log-batch", #"{"run_id":"\#(longest)"}"#).status == 404)
        #expect(try await post("runs/search", #"{"experiment_ids":["0"],"max_results":2147483648}"#).status == 400)
        #expect(try await post("runs/log-model", #"{"run_id":"\#(id)","model_json":"{}"}"#).status == 400)
    }

    @Test func loggedModels() async throws {
        let created = try await post("logged-models", #"{"experiment_id":"0","name":"m"}"#).json?["model"]
        let id = try #require(created?["info"]?["model_id"]?.stringValue)
        #expect(created?["info"]?["status"] == "LOGGED_MODEL_PENDING")
        let body = #"{"model_id":"\#(id)","status":"LOGGED_MODEL_READY"}"#
        let ready = try await send(.patch, "/api/2.0/mlflow/logged-models/\(id)", body)
        #expect(ready.json?["model"]?["info"]?["status"] == "LOGGED_MODEL_READY")
        let found = try await post("logged-models/search", #"{"experiment_ids":["0"]}"#).json
        #expect(found?["models"]?.arrayValue?.count == 1)
        let gone = try await send(.delete, "/api/2.0/mlflow/logged-models/\(id)")
        #expect(gone.status == 200)
        #expect(try await get("logged-models/\(id)").status == 404)
        #expect(try await get("logged-models/\(id)?allow_deleted=true").status == 200)
    }

    @Test func serverInfo() async throws {
        #expect(try await send(.get, "/version").text == ServerInfoRoutes.protocolVersion)
        let info = try await send(.get, "/api/3.0/mlflow/server-info").json
        #expect(info?["multipart_uploads_enabled"] == false)
    }

    @Test(arguments: [
        "3.0/mlflow/issues", "3.0/mlflow/review-queues/x/items", "3.0/mlflow/gateway/secrets/list",
    ])
    func whatIsNotThereSaysSo(_ path: String) async throws {
        let reply = try await send(.get, "/api/\(path)")
        #expect(reply.status == 501)
        #expect(reply.json?["error_code"] == "NOT_IMPLEMENTED")
    }

    @Test func artifacts() async throws {
        let base = "/api/2.0/mlflow-artifacts/artifacts"
        let run = try await fixture.run()
        let file = "\(base)/0/\(run)/artifacts/d/%C3%BC.html"
        #expect(try await send(.put, file, "0123456789", type: nil).text == "")
        let whole = try await send(.get, file)
        #expect(whole.text == "0123456789")
        #expect(whole.headers[.contentType] == "text/html")
        #expect(whole.headers[.xContentTypeOptions] == "nosniff")
        #expect(whole.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
        #expect(whole.headers[.contentDisposition] == "attachment; filename=\"_.html\"; filename*=UTF-8''%C3%BC.html")
        let listing = try await get("artifacts/list?run_id=\(run)").json
        #expect(listing?["files"] == [["path": "d", "is_dir": true]])
        let inner = try await get("artifacts/list?run_id=\(run)&path=d").json
        #expect(inner?["files"] == [["path": "d/ü.html", "is_dir": false, "file_size": 10]])
        #expect(try await get("artifacts/list?run_id=\(run)&path=../..").status == 400)
        #expect(try await send(.get, "/get-artifact?run_id=\(run)&path=d/%C3%BC.html").text == "0123456789")
        #expect(try await send(.get, "/get-artifact?run_id=\(run)&path=../../../etc/passwd").status == 400)
        #expect(try await send(.get, base + "?path=0/\(run)/artifacts/d/").json?["files"]?.arrayValue?.count == 1)
        #expect(try await send(.get, "\(base)/0/\(run)").status == 400)
        #expect(try await send(.delete, "\(base)/0/\(run)").json == [:])
        #expect(try await send(.get, file).status == 404)
        let multipart = try await send(.post, "/api/2.0/mlflow-artifacts/mpu/create/x", "{}")
        #expect(multipart.status == 501)
    }

    @Test(arguments: [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"), ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-3", 206, "789", "bytes 7-9/10"), ("bytes=0-99999999999999999999", 206, "0123456789", "bytes 0-9/10"),
        ("bytes=-99", 206, "0123456789", "bytes 0-9/10"), ("bytes=10-", 416, "", "bytes */10"),
        ("bytes=99999999999999999999-", 416, "", "bytes */10"), ("bytes=5-2", 200, "0123456789", nil),
        ("bytes=-0", 416, "", "bytes */10"), ("bytes=1-2,4-5", 200, "0123456789", nil),
        ("lines=1-2", 200, "0123456789", nil), ("bytes=-", 200, "0123456789", nil),
        ("bytes=a-b", 200, "0123456789", nil),
    ])
    func ranges(_ header: String, _ status: Int, _ text: String, _ contentRange: String?) async throws {
        let path = "/api/2.0/mlflow-artifacts/artifacts/x"
        _ = try await send(.put, path, "0123456789", type: nil)
        let reply = try await send(.get, path, headers: [.range: header])
        #expect(reply.status == status)
        #expect(reply.text == text)
        #expect(reply.headers[.contentRange] == contentRange)
    }

    @Test func announcedChecksums() async throws {
        let path = "/api/2.0/mlflow-artifacts/artifacts/sum"
        let name = try #require(HTTPField.Name("Content-Digest"))
        // SHA-256 of "abc" in base64: FIPS 180-2, appendix B.1.
        let right = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"
        #expect(try await send(.put, path, "abc", type: nil, headers: [name: right]).status == 200)
        let wrong = try await send(.put, path, "abd", type: nil, headers: [name: right])
        #expect(wrong.status == 400)
        #expect(try await send(.get, path).text == "abc")
        #expect(try await send(.put, path, "abc", type: nil, headers: [name: "sha-256=:xx:"]).status == 400)
    }
}
