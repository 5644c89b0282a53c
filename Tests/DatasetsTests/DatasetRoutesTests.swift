import Core
import Datasets
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

/// The two routes and their error.
@Suite(.overEveryDatabase)
struct DatasetRoutesTests {
    @Test func listsAndShows() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        _ = try await fixture.store.ingest("flowers")
        let router = Router(context: AppRequestContext.self)
        DatasetRoutes(store: fixture.store).register(in: .forTests(router))
        try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/api/martlet/v1/data", method: .get) { response in
                #expect(response.status == .ok)
                let body = try JSONValue.parse(response.body.readableBytesView)
                #expect(body["items"]?.arrayValue?.first?["name"] == "flowers")
                #expect(body["items"]?.arrayValue?.first?["clean_rows"] == 5)
            }
            try await client.execute(uri: "/api/martlet/v1/data/flowers", method: .get) { response in
                let body = try JSONValue.parse(response.body.readableBytesView)
                #expect(body["columns"]?.arrayValue?.count == 3)
                #expect(body["columns"]?.arrayValue?[1]["nulls"] == 1)
                #expect(body["target"]?["classes"] == ["setosa", "virginica"])
            }
            try await fixture.store.assignSplit("flowers", assignments: [2: "test", 3: "test", 5: "test"])
            try await client.execute(uri: "/api/martlet/v1/data/flowers/rows?split=test&limit=2", method: .get) {
                let body = try JSONValue.parse($0.body.readableBytesView)
                #expect(body["columns"] == ["petal length", "petal.width", "species"])
                #expect(body["items"] == [[1.4, nil, 0], [5.1, 1.9, 1]])
                let token = try #require(body["next_page_token"]?.stringValue)
                let next = "/api/martlet/v1/data/flowers/rows?split=test&limit=2&page_token=\(token)"
                try await client.execute(uri: next, method: .get) {
                    let body = try JSONValue.parse($0.body.readableBytesView)
                    #expect(body["items"] == [[6.3, 1.8, 1]])
                    #expect(body["next_page_token"] == nil)
                }
            }
            for (path, status) in [
                ("flowers/rows?split=train", 404), ("flowers/rows?limit=0", 400), ("flowers/rows?limit=1001", 400),
                ("flowers/rows?page_token=x", 400), ("tulips/rows", 404),
            ] {
                try await client.execute(uri: "/api/martlet/v1/data/\(path)", method: .get) { response in
                    #expect(Int(response.status.code) == status, "\(path)")
                }
            }
            try await client.execute(uri: "/api/martlet/v1/data/tulips", method: .get) { response in
                #expect(response.status == .notFound)
                let body = try JSONValue.parse(response.body.readableBytesView)
                #expect(body["error"]?["code"] == "notFound")
                #expect(body["error"]?["message"]?.stringValue?.contains("tulips") == true)
            }
        }
    }
}
