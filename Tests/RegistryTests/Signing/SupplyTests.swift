import Artifacts
import Core
import Registry
import TestSupport
import Testing

@Suite("Manifests of versions", .overEveryDatabase) struct SupplyTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }

    init() async throws {
        fixture = try await RegistryFixture()
    }

    @Test("the manifest is fixed at registration and does not follow the files")
    func fixedAtRegistration() async throws {
        try await fixture.put("model/MLmodel", "flavors: {}")
        try await fixture.put("model/data/model.json", "{}")
        try await fixture.version()
        let report = try await store.supply(of: "cancer", 1)
        #expect(report.manifest.files.map(\.path) == ["MLmodel", "data/model.json"])
        #expect(report.fixedAt == fixture.clock.now)
        #expect(report.pickles.isEmpty)
        try await fixture.put("model/MLmodel", "flavors: {evil}")
        #expect(try await store.supply(of: "cancer", 1).manifest == report.manifest)
        let changed = await failure { try await store.verifyFiles(of: "cancer", 1) }
        #expect(changed?.code == .dataLoss)
        #expect(changed?.message.contains("'MLmodel'") == true)
    }

    @Test("a file that was added is noticed as well")
    func addedFile() async throws {
        try await fixture.put("model/MLmodel", "flavors: {}")
        try await fixture.version()
        try await store.verifyFiles(of: "cancer", 1)
        try await fixture.put("model/code/numpy.py", "import os")
        let added = await failure { try await store.verifyFiles(of: "cancer", 1) }
        #expect(added?.code == .dataLoss)
        #expect(added?.message.contains("was added") == true)
    }

    @Test("a version that was registered before its files is fixed at its first load, and then for good")
    func fixedAtLoad() async throws {
        try await fixture.version()
        #expect(try await store.supply(of: "cancer", 1).fixedAt == nil)
        #expect(try await store.admit("cancer", 1).files.isEmpty)
        try await fixture.put("model/MLmodel", "flavors: {}")
        try await fixture.put("model/model.pkl", "\u{80}\u{4}x")
        fixture.clock.advance(by: .seconds(5))
        let manifest = try await store.admit("cancer", 1)
        #expect(manifest.files.map(\.path) == ["MLmodel", "model.pkl"])
        #expect(try await store.supply(of: "cancer", 1).fixedAt == fixture.clock.now)
        try await fixture.put("model/MLmodel", "flavors: {evil}")
        #expect(try await store.admit("cancer", 1) == manifest)
        #expect(await code { try await store.verifyFiles(of: "cancer", 1) } == .dataLoss)
    }

    @Test("a single file is a version, too")
    func singleFile() async throws {
        try await fixture.put("model", "tree\n")
        try await fixture.version()
        #expect(try await store.supply(of: "cancer", 1).manifest.files.map(\.path) == ["model"])
        try await store.verifyFiles(of: "cancer", 1)
    }

    @Test("pickles are flagged, by what they are, by name and by loader")
    func pickles() async throws {
        try await fixture.put("model/MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n")
        try await fixture.put("model/model.pkl", "text")
        try await fixture.put("model/model.json", "{}")
        try await fixture.version()
        let report = try await store.supply(of: "cancer", 1)
        #expect(report.pickles.map(\.path) == ["MLmodel", "model.pkl"])
        #expect(report.json["has_pickle"] == true)
        try await fixture.version("other")
        try await store.deleteVersion("cancer", 1)
        try await store.deleteModel("cancer")
        #expect(try await store.supply(of: "other", 1).pickles.count == 2)
    }
}

@Suite("Looking for pickles") struct PickleScanTests {
    @Test(
        "what unpickling would run is found",
        arguments: [
            ("weights.bin", [0x80, 0x04, 0x95]), ("x/data", [0x80, 0x02, 0x8A]), ("model.joblib", [0x78, 0x9C, 0x00]),
            ("model.PKL", []), ("net.pth", Array("PK\u{3}\u{4}....archive/data.pkl".utf8)),
            ("data", Array("PK\u{3}\u{4}....archive/data.pkl".utf8)),
            ("objects.npy", [0x93] + Array("NUMPY..{'descr': '|O', ".utf8)),
        ] as [(String, [UInt8])]
    )
    func found(_ file: (name: String, head: [UInt8])) {
        #expect(PickleScan.reason(path: file.name, head: file.head) != nil)
    }

    @Test(
        "what is data is not",
        arguments: [
            ("model.json", Array("{\"learner\":".utf8)), ("model.onnx", [0x08, 0x07]),
            ("a.zip", Array("PK\u{3}\u{4}x".utf8)),
            ("model.safetensors", [0x80, 0x40, 0, 0]), ("numbers.npy", [0x93] + Array("NUMPY..{'descr': '<f8', ".utf8)),
            ("README", []), ("pkl", Array("text".utf8)),
        ] as [(String, [UInt8])]
    )
    func notFound(_ file: (name: String, head: [UInt8])) {
        #expect(PickleScan.reason(path: file.name, head: file.head) == nil)
    }

    @Test("loaders that unpickle or are the model's own code are told")
    func loaders() {
        func reason(_ module: String) -> String? {
            PickleScan.reason(mlModel: "flavors:\n  python_function:\n    loader_module: \(module)\n")
        }
        #expect(reason("mlflow.sklearn") != nil)
        #expect(reason("mlflow.sklearn\n  sklearn:\n    serialization_format: skops") == nil)
        #expect(reason("mlflow.pyfunc.model") != nil)
        #expect(reason("'my_loader'")?.contains("own code") == true)
        #expect(reason("mlflow.xgboost") == nil)
        #expect(reason("mlflow.onnx") == nil)
        #expect(PickleScan.reason(mlModel: "flavors: {}") == nil)
        #expect(PickleScan.headBytes == 4096)
    }
}
