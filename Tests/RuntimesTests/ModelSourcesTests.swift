import Core
import Runtimes
import Testing

@Suite("A model file or a folder of any flavor")
struct ModelSourcesTests {
    private static func load(_ folder: TemporaryFolder, _ name: String? = nil) async throws -> any ModelRuntime {
        let path = name.map { "\(folder.path)/\($0)" } ?? folder.path
        return try await ModelDirectory.open(path).load(RuntimeSettings())
    }

    @Test(
        "is known by its content, whatever its name",
        arguments: [
            ("xgboost-binary.json", "trees"), ("xgboost-binary.ubj", "trees"), ("lightgbm-binary.txt", nil),
            ("onnx-binary.onnx", nil),
        ] as [(String, String?)]
    )
    func kinds(_ golden: String, _ runtime: String?) async throws {
        let folder = try TemporaryFolder()
        let ending = golden.split(separator: ".")[1]
        for name in ["model.\(ending)", "model.bin", "model.pkl"] {
            try folder.write(name, GoldenFiles.bytes(golden))
            let loaded = try await Self.load(folder, name)
            let rows = try #require(loaded as? any RowRuntime)
            #expect(rows.featureCount == 6 && rows.outputWidth == 1)
            if let runtime { #expect(rows.name == runtime) }
        }
    }

    @Test("that is checked is refused when the sum is another")
    func checksum() throws {
        let folder = try TemporaryFolder()
        try folder.write("model.ubj", GoldenFiles.bytes("xgboost-binary.ubj"))
        let sum = try #require(try ModelChecksums.sha256(of: "model.ubj", in: folder.path))
        let path = "\(folder.path)/model.ubj"
        #expect(try ModelDirectory.open(path, checksum: "sha256:\(sum.uppercased())").isVerified)
        let wrong = String(repeating: "0", count: 64)
        for (given, code) in [
            ("sha256:\(wrong)", MartletError.Code.dataLoss), (sum, .invalidArgument), ("sha256:12", .invalidArgument),
            ("md5:\(sum)", .invalidArgument),
        ] {
            let error = try #require(throws: MartletError.self) { try ModelDirectory.open(path, checksum: given) }
            #expect(error.code == code && !error.message.contains(folder.path))
        }
        let folderError = try #require(throws: MartletError.self) {
            try ModelDirectory.open(folder.path, checksum: "sha256:\(sum)")
        }
        #expect(folderError.code == .invalidArgument)
    }

    @Test(
        "of a kind that is not served is refused with the way out",
        arguments: [
            ("model.pkl", [0x80, 4, 0x95, 0, 0], "mlflow.sklearn.save_model"),
            ("model.joblib", [0x78, 0x9C], "pickle"),
            ("model.bin", [0x80, 5, 1], "pickle"), ("model.pt", [0x50, 0x4B, 3, 4], "archive"),
            ("model.h5", [0x89, 0x48, 0x44], "HDF5"),
            ("old.model", Array("binf\0\0".utf8), "save_model(\"model.ubj\")"),
            ("readme.md", Array("# x".utf8), "no known kind"), ("empty", [], "no known kind"),
        ] as [(String, [UInt8], String)]
    )
    func refused(_ name: String, _ bytes: [UInt8], _ part: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(name, bytes)
        let error = try #require(throws: MartletError.self) { try ModelDirectory.open("\(folder.path)/\(name)") }
        #expect(error.code == .unimplemented && error.message.contains(part), "\(error.message)")
        #expect(!error.message.contains(folder.path))
    }

    @Test("that is damaged is refused when it is loaded")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        for golden in ["xgboost-binary.ubj", "xgboost-binary.json", "lightgbm-binary.txt", "onnx-binary.onnx"] {
            let bytes = try GoldenFiles.bytes(golden)
            try folder.write(golden, bytes.prefix(bytes.count / 2))
            let error = try await #require(throws: MartletError.self) { try await Self.load(folder, golden) }
            #expect([.dataLoss, .invalidArgument].contains(error.code), "\(golden): \(error)")
        }
    }

    @Test(
        "that MLflow keeps as a pickle goes to Python, its sound files do not",
        arguments: [
            ("lightgbm", "model.pkl", "pickle", ModelFlavor.python),
            ("lightgbm", "model.lgb", "lightgbm-binary.txt", .lightgbm),
            ("xgboost", "model.xgb", "pickle", .python), ("xgboost", "model.xgb", "xgboost-binary.ubj", .xgboost),
            ("onnx", "model.onnx", "onnx-binary.onnx", .onnx), ("sklearn", "model.pkl", "pickle", .python),
        ]
    )
    func flavors(_ flavor: String, _ file: String, _ golden: String, _ expected: ModelFlavor) throws {
        let folder = try TemporaryFolder()
        let mlModel = """
            flavors:
              python_function:
                loader_module: mlflow.\(flavor)
                data: \(file)
              \(flavor):
                data: \(file)
            """
        try folder.write("MLmodel", mlModel.utf8)
        try folder.write(file, golden == "pickle" ? [0x80, 4, 0x95] : GoldenFiles.bytes(golden))
        let directory = try ModelDirectory.open(folder.path)
        #expect(directory.flavor == expected)
        if expected == .python {
            let error = try #require(throws: MartletError.self) { try directory.loadRuntime() }
            #expect(error.code == .unimplemented)
        }
    }

    @Test("says what goes in and out itself where nobody else does")
    func ownSignature() async throws {
        let folder = try TemporaryFolder()
        for name in ["columns-numbers.onnx", "columns-texts.onnx", "zipmap-texts.onnx", "lightgbm-binary.txt"] {
            try folder.write(name, GoldenFiles.bytes(name))
        }
        func signature(_ name: String) async throws -> (ModelSignature, [String]) {
            let directory = try ModelDirectory.open("\(folder.path)/\(name)")
            let runtime = try await directory.load(RuntimeSettings())
            return (directory.signature(of: runtime), directory.classes(of: runtime))
        }
        let numbers = try await signature("columns-numbers.onnx")
        #expect(numbers.0.inputs.map(\.name) == ["width", "count"] && numbers.1.isEmpty)
        let texts = try await signature("columns-texts.onnx")
        #expect(texts.0.inputTensors.map(\.dataType) == [.float32, .bytes] && texts.0.inputs.isEmpty)
        let labels = try await signature("zipmap-texts.onnx")
        #expect(labels.0.inputs.isEmpty && labels.1 == ["no", "yes"])
    }

    @Test("with the columns of a table that are not numbers is asked with its own tensors")
    func tableOfText() async throws {
        let folder = try TemporaryFolder()
        let signature =
            #"[{"type": "string", "name": "a"}, {"type": "double", "name": "b"}, {"type": "double", "name": "c"}]"#
        let mlModel = """
            flavors:
              onnx:
                data: model.onnx
            signature:
              inputs: '\(signature)'
              params: null
            """
        try folder.write("MLmodel", mlModel.utf8)
        try folder.write("model.onnx", GoldenFiles.bytes("zipmap-texts.onnx"))
        #expect(try await Self.load(folder) is ONNXModelRuntime)
        try folder.write("MLmodel", mlModel.replacing("string", with: "double").utf8)
        #expect(try await Self.load(folder) is ONNXRowRuntime)
    }
}
