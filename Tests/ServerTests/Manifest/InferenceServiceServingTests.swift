import Core
import Foundation
import Server
import Testing

/// From an `InferenceService` to predictions: a model file beside the manifest is registered once and served.
@Suite struct InferenceServiceServingTests {
    /// The smallest model that XGBoost's JSON can say: one tree with one leaf.
    private static let booster = #"""
        {"learner":{"attributes":{},"feature_names":[],"feature_types":[],"gradient_booster":{"model":{"gbtree_model_param":
        {"num_parallel_tree":"1","num_trees":"1"},"iteration_indptr":[0,1],"tree_info":[0],"trees":[{"base_weights":[0.5],
        "categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[0],"id":0,
        "left_children":[-1],"loss_changes":[0],"parents":[2147483647],"right_children":[-1],"split_conditions":[0.5],
        "split_indices":[0],"split_type":[0],"sum_hessian":[1],"tree_param":{"num_deleted":"0","num_feature":"2",
        "num_nodes":"1","size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"0E0",
        "boost_from_average":"1","num_class":"0","num_feature":"2","num_target":"1"},"objective":
        {"name":"reg:squarederror","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[2,1,0]}
        """#

    private static func service(_ uri: String, format: String = "xgboost") -> String {
        """
        apiVersion: serving.kserve.io/v1beta1
        kind: InferenceService
        metadata: {name: tiny}
        spec:
          predictor:
            model:
              modelFormat: {name: \(format)}
              storageUri: \(uri)
        """
    }

    @Test("A file beside the manifest becomes one version, however often it is applied, and answers")
    func applied() async throws {
        let data = RunningServer.temporaryDirectory()
        let yaml = Self.service("file://\(data)-files/model.json")
        try await RunningServer.with(data: data, files: ["model.json": Self.booster]) { client in
            let diff = try await client.diff(yaml)
            #expect(diff.status == 200, "said: \(diff.body)")
            #expect(diff.body.contains("registers 'file://"))
            let none = try await client.send("GET", "/api/2.0/mlflow/registered-models/get?name=tiny")
            #expect(none.status == 404, "a diff registers nothing")
            for _ in 0..<2 {
                let applied = try await client.apply(yaml)
                #expect(applied.status == 200, "said: \(applied.body)")
            }
            let again = try await client.diff(yaml)
            #expect(again.json?["differs"] == false, "said: \(again.body)")
            let versions = try await client.send("GET", "/api/2.0/mlflow/model-versions/search")
            #expect(versions.json?["model_versions"]?.arrayValue?.count == 1)
            let body: JSONValue = ["instances": [[1, 2]]]
            let answer = try await client.send("POST", "/v1/models/tiny:predict", body.description)
            #expect(answer.status == 200, "said: \(answer.body)")
            #expect(answer.json?["predictions"] == [0.5])
        }
    }

    @Test("Files outside the server's own are refused, and what is not there or another model is said")
    func refused() async throws {
        let data = RunningServer.temporaryDirectory()
        let cases: [(uri: String, format: String, status: UInt)] = [
            ("file:///etc/hostname", "xgboost", 403), ("file://\(data)-files/../../etc/hostname", "xgboost", 403),
            ("file://\(data)-files/gone.json", "xgboost", 404), ("file://\(data)-files/model.json", "onnx", 400),
            ("file://\(data)-files/model.json", "sklearn", 501),
        ]
        try await RunningServer.with(data: data, files: ["model.json": Self.booster]) { client in
            for (uri, format, status) in cases {
                let answer = try await client.apply(Self.service(uri, format: format))
                #expect(answer.status == status, "\(uri) as \(format) said: \(answer.body)")
                #expect(!answer.body.contains("hostname:"))
            }
            let deployments = try await client.send("GET", "/api/martlet/v1/deployments")
            #expect(deployments.json?["items"] == [])
        }
    }
}
