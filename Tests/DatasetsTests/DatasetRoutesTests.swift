import Core
import Datasets
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

/// The two routes and their error.
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
            try await client.execute(uri: "/api/martlet/v1/data/tulips", method: .get) { response in
                #expect(response.status == .notFound)
                let body = try JSONValue.parse(response.body.readableBytesView)
                #expect(body["error"]?["code"] == "notFound")
                #expect(body["error"]?["message"]?.stringValue?.contains("tulips") == true)
            }
        }
    }
}
