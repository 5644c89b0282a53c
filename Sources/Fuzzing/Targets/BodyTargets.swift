import Core

extension FuzzTarget {
    private static let tensorWords = [
        "inputs", "outputs", "name", "shape", "datatype", "data", "parameters", "binary_data_size", "binary_data",
        "binary_data_output", "content_type", "FP32", "FP64", "FP16", "INT64", "UINT8", "BOOL", "BYTES", "id",
        "predict",
        "instances", "features", "deployment", "dataframe_split", "dataframe_records", "columns", "index", "x0", "x1",
        "signature_name", "params", "classification", "timeout", "[1,2]", "[[1,2]]", "ids", "words",
    ]

    /// `/predict`.
    static let predict = body(
        "predict",
        "bodies of /predict, by the lane and by the router",
        target: "/predict",
        seeds: [
            #"{"features":[1,2]}"#, #"{"features":{"x1":5,"x0":0.25}}"#,
            #"{"deployment":"rows","features":[1e-3,null]}"#,
            #"{"features":[[1,2],[3,4]]}"#, #"{"features":[{"x0":1,"x1":2}]}"#, #"{"features":["1",2]}"#,
        ]
    )

    /// KServe's V1.
    static let v1 = body(
        "v1",
        "bodies of V1's :predict, by the lane and by the router",
        target: "/v1/models/rows:predict",
        seeds: [
            #"{"instances":[[1,2],[3,4.5]]}"#, #"{"instances":[{"x0":1,"x1":2}]}"#, #"{"inputs":[[1,2]]}"#,
            #"{"instances":[]}"#, #"{"instances":null}"#,
            #"{"specversion":"1.0","id":"a","data":{"instances":[[1,2]]}}"#,
        ]
    )

    /// MLflow's `/invocations`.
    static let invocations = body(
        "invocations",
        "bodies of /invocations, by the lane and by the router",
        target: "/invocations",
        seeds: [
            #"{"inputs":[[1,2]]}"#, #"{"dataframe_split":{"columns":["x0","x1"],"data":[[1,2]]}}"#,
            #"{"dataframe_records":[{"x0":1,"x1":NaN}]}"#, #"{"instances":[[1,2]]}"#,
            #"{"inputs":{"x0":[1],"x1":[2]}}"#,
            #"{"dataframe_split":{"index":[0],"columns":["x1","x0","z"],"data":[[1,2,"a"]]},"params":{"t":1}}"#,
        ]
    )

    /// Open Inference V2 for a model of rows.
    static let v2 = body(
        "v2",
        "bodies of V2's infer for a model of rows, by the lane and by the router",
        target: "/v2/models/rows/infer",
        seeds: [
            #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#,
            #"{"id":"a","inputs":[{"name":"i","shape":[2,2],"datatype":"FP64","data":[[1,2],[3,4]]}],"outputs":[{"name":"predict"}]}"#,
            #"{"inputs":[{"name":"x0","shape":[2],"datatype":"INT64","data":[1,2]},{"name":"x1","shape":[2,1],"datatype":"FP32","data":[3,4]}]}"#,
            #"{"parameters":{"content_type":"pd","timeout":100000},"inputs":[{"name":"x0","shape":[0],"datatype":"BOOL","data":[]}]}"#,
        ]
    )

    /// Open Inference V2 for a model of tensors.
    static let v2Tensors = body(
        "v2-tensors",
        "bodies of V2's infer for a model of tensors",
        target: "/v2/models/tensors/infer",
        seeds: [
            #"{"inputs":[{"name":"ids","shape":[2],"datatype":"INT64","data":[1,2]},{"name":"words","shape":[2],"datatype":"BYTES","data":["a","b"]}]}"#,
            #"{"inputs":[{"name":"ids","shape":[1,1],"datatype":"INT64","data":[[9223372036854775807]]},{"name":"words","shape":[1],"datatype":"BYTES","parameters":{"content_type":"base64"},"data":["AA=="]}],"outputs":[{"name":"ids","parameters":{"binary_data":true}}]}"#,
        ]
    )

    /// Open Inference V2 with blobs behind the JSON; an input begins with the length of the JSON and a line end.
    static let v2Binary = body(
        "v2-binary",
        "bodies of V2's infer with blobs, by the lane and by the router",
        target: "/v2/models/rows/infer",
        seeds: [
            binary(
                #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"outputs":[{"name":"predict","parameters":{"binary_data":true}}]}"#,
                "aaaabbbb"
            ),
            binary(
                #"{"parameters":{"binary_data_output":true},"inputs":[{"name":"x0","shape":[2],"datatype":"UINT8","parameters":{"binary_data_size":2}},{"name":"x1","shape":[2],"datatype":"FP32","data":[1,2]}]}"#,
                "ab"
            ), "0\nabcdefgh",
        ],
        hasLength: true
    )

    /// The same for a model of tensors.
    static let v2TensorBinary = body(
        "v2-tensors-binary",
        "bodies of V2's infer with blobs for a model of tensors",
        target: "/v2/models/tensors/infer",
        seeds: [
            binary(
                #"{"inputs":[{"name":"ids","shape":[1],"datatype":"INT64","parameters":{"binary_data_size":8}},{"name":"words","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":10}}]}"#,
                "12345678\u{1}\0\0\0a\u{1}\0\0\0b"
            )
        ],
        hasLength: true
    )

    private static func binary(_ json: String, _ blobs: String) -> String { "\(json.utf8.count)\n\(json)\(blobs)" }

    private static func body(
        _ name: String,
        _ summary: String,
        target: String,
        seeds: [String],
        hasLength: Bool = false
    ) -> FuzzTarget {
        FuzzTarget(
            name,
            summary,
            seeds: seeds,
            words: tensorWords,
            forms: [.json],
            prepare: {
                let models = try await ServedModels(target.contains("tensors") ? "tensors" : "rows")
                return { bytes in
                    let input = Array(bytes)
                    guard hasLength else { return try await models.check(target, input, jsonLength: nil) }
                    let line = input.prefix { $0 != 0x0A }
                    let length = String(decoding: line, as: UTF8.self)
                    let isPlain = line.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                    guard isPlain, !line.isEmpty, line.count < input.count else {
                        throw MartletError(.invalidArgument, "No length.")
                    }
                    return try await models.check(target, Array(input.dropFirst(line.count + 1)), jsonLength: length)
                }
            }
        )
    }
}
