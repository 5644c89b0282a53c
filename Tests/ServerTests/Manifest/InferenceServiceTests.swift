import Core
import Foundation
import Server
import Testing

@Suite struct InferenceServiceTests {
    private static let head = """
        apiVersion: serving.kserve.io/v1beta1
        kind: InferenceService
        metadata:
          name: iris
        spec:

        """

    private static func predictor(_ text: String) -> String {
        head + "  predictor:\n" + text.split(separator: "\n").map { "    \($0)\n" }.joined()
    }

    private static let model = """
        model:
          modelFormat: {name: onnx}
          storageUri: models:/iris@production

        """

    @Test("What the example's services become is the example's manifest")
    func golden() throws {
        var folder = URL(filePath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        folder.append(path: "examples/kserve")
        let yaml = try String(contentsOf: folder.appending(path: "inference-service.yaml"), encoding: .utf8)
        let text = try KServeText.manifest(yaml, file: "inference-service.yaml") + "\n"
        let file = folder.appending(path: "martlet.yaml")
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try text == String(contentsOf: file, encoding: .utf8))
    }

    @Test(
        "Each field has its part of the entry",
        arguments: [
            ("", #"{"rollout":{"strategy":"all_at_once"}}"#),
            ("canaryTrafficPercent: 100", #"{"rollout":{"strategy":"all_at_once"}}"#),
            (
                "canaryTrafficPercent: 0",
                #"{"rollout":{"strategy":"canary","steps":[{"percent":0,"confirm":true},100]}}"#
            ),
            (
                "minReplicas: 0\nmaxReplicas: 0",
                #"{"rollout":{"strategy":"all_at_once"},"replicas":{"min":0}}"#
            ),
            (
                "containerConcurrency: 4\nmaxReplicas: 2",
                #"{"rollout":{"strategy":"all_at_once"},"replicas":{"max":2},"serving":{"concurrency":8}}"#
            ),
            ("batcher: {timeout: 60}", #"{"rollout":{"strategy":"all_at_once"},"serving":{"timeout":"60s"}}"#),
            ("logger: {mode: response}", #"{"rollout":{"strategy":"all_at_once"},"ledger":{"sampling":1}}"#),
        ]
    )
    func fields(text: String, entry: String) throws {
        let manifest = try Manifest(yaml: Self.predictor(Self.model + text), steps: [])
        let service = try #require(manifest.services.first)
        #expect(service.name == "iris")
        #expect(try JSONValue.object(service.entry) == JSONValue.parse(entry))
    }

    @Test(
        "What Martlet does not do is refused with the line, the field and the remedy",
        arguments: [
            (model + "workerSpec: {}", "f.yaml:10: 'spec.predictor.workerSpec'", "a model that fits one"),
            (model + "containers: []", "'spec.predictor.containers'", "mlflow"),
            (model + "minReplica: 0", "f.yaml:10: 'spec.predictor.minReplica' is not a known key", "'minReplicas'"),
            (model + "canaryTrafficPercent: 101", "f.yaml:10: 'spec.predictor.canaryTrafficPercent'", "0 and 100"),
            (model + "logger: {mode: some}", "'spec.predictor.logger.mode'", "'all', 'request' or 'response'"),
            ("model: {modelFormat: {name: onnx}}", "'spec.predictor.model.storageUri'", "missing"),
            ("pytorch: {storageUri: 's3://a/b'}", "f.yaml:7: 'spec.predictor.pytorch'", "ONNX"),
            ("onnx: {storageUri: 'pvc://claim/model'}", "f.yaml:7: 'spec.predictor.onnx.storageUri'", "file:///PATH"),
            ("onnx: {storageUri: 'gs://bucket/model'}", "no gs addresses", "S3 bucket"),
            ("onnx: {storageUri: 'hf://org/model'}", "no hf addresses", "models:/NAME@ALIAS"),
            ("onnx: {storageUri: 'https://x/model.onnx'}", "no https addresses", "register"),
            ("onnx: {storageUri: model.onnx}", "'spec.predictor.onnx.storageUri'", "no scheme"),
            ("onnx: {storageUri: 'models:/x'}", "'spec.predictor.onnx.storageUri'", "names no version"),
            ("onnx: {storageUri: 's3://a/b', args: ['--x']}", "'spec.predictor.onnx.args'", "remove it"),
            ("onnx: {storageUri: 's3://a/b', protocolVersion: grpc-v1}", "protocolVersion", "grpc-v2"),
            (
                "onnx: {storageUri: 's3://a/b', resources: {limits: {nvidia.com/gpu: 1}}}", "'nvidia.com/gpu'",
                "remove it"
            ),
            ("onnx: {storageUri: 's3://a/b'}\nxgboost: {storageUri: 's3://a/b'}", "more than one model", "exactly one"),
        ]
    )
    func refusals(text: String, field: String, remedy: String) {
        let error = #expect(throws: MartletError.self) {
            try Manifest(yaml: Self.predictor(text), file: "f.yaml", steps: [])
        }
        #expect(error?.message.contains(field) == true, "said: \(error?.message ?? "")")
        #expect(error?.message.contains(remedy) == true, "said: \(error?.message ?? "")")
    }

    @Test(
        "Parts beside the predictor, other kinds and other versions are refused by name",
        arguments: [
            (head + "  transformer: {}\n", "f.yaml:6: 'spec.transformer'"),
            (head + "  explainer: {}\n", "f.yaml:6: 'spec.explainer'"),
            (head + "  canary: []\n", "f.yaml:6: 'spec.canary'"),
            ("kind: Deployment\napiVersion: apps/v1\n", "f.yaml:1: 'kind' is Deployment"),
            ("apiVersion: serving.kserve.io/v1alpha1\nkind: InferenceService\n", "f.yaml:1: 'apiVersion'"),
            ("version: 1\n---\nversion: 1\n", "2 manifests"),
            (predictor(model) + "---\n" + predictor(model), "f.yaml:14: 'metadata.name' names 'iris' a second time"),
        ]
    )
    func kinds(yaml: String, message: String) {
        let error = #expect(throws: MartletError.self) { try Manifest(yaml: yaml, file: "f.yaml", steps: []) }
        #expect(error?.message.contains(message) == true, "said: \(error?.message ?? "")")
    }

    @Test("A value that does not fit is said of the service's field")
    func values() {
        let yaml = Self.predictor(Self.model + "batcher:\n  maxBatchSize: 1000000")
        let error = #expect(throws: MartletError.self) { try KServeText.manifest(yaml, file: "f.yaml") }
        let message = error?.message ?? ""
        #expect(message.hasPrefix("f.yaml:11: 'spec.predictor.batcher.maxBatchSize' (serving.batch.max_rows) must be"))
    }

    @Test("Documents are bounded")
    func documents() {
        let most = ServerLimits.manifestDocuments
        let empty = [String](repeating: "---\n", count: most - 1).joined()
        #expect(throws: Never.self) { try Manifest(yaml: "version: 1\n" + empty, steps: []) }
        let error = #expect(throws: MartletError.self) {
            try Manifest(yaml: "version: 1\n" + empty + "---\n", steps: [])
        }
        #expect(error?.message.contains("\(most) documents") == true)
        #expect(ServerLimits.enrolledFiles > 0)
    }
}
