import Core
import Runtimes
import Testing

@Suite("A model directory")
struct ModelDirectoryTests {
    private static let mlModel = """
        flavors:
          python_function:
            data: model.ubj
            loader_module: mlflow.xgboost
          xgboost:
            code: null
            data: model.ubj
            model_class: xgboost.sklearn.XGBClassifier
            model_format: ubj
            xgb_version: 3.2.0
        mlflow_version: 3.17.2
        signature:
          inputs: '[{"type": "double", "name": "a", "required": true}, {"type": "double", "name": "b", "required": true}, {"type": "double", "name": "c",
            "required": true}, {"type": "double", "name": "d", "required": true}, {"type": "double", "name": "e", "required": true}, {"type": "double", "name": "f", "required": true}]'
          outputs: '[{"type": "double", "name": "p"}]'
          params: null
        """

    private static func folder(_ changes: [String: String] = [:]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("MLmodel", (changes["MLmodel"] ?? mlModel).utf8)
        try folder.write("model.ubj", GoldenFiles.bytes("xgboost-binary.ubj"))
        return folder
    }

    @Test("written by mlflow.xgboost is read with its signature and runs in the own walker")
    func mlflow() throws {
        let folder = try Self.folder()
        let directory = try ModelDirectory.open(folder.path)
        #expect(directory.flavor == .xgboost)
        #expect(directory.file == "model.ubj")
        #expect(directory.featureNames == ["a", "b", "c", "d", "e", "f"])
        #expect(directory.classes.isEmpty && directory.threshold == 0.5 && !directory.isVerified)
        #expect(try directory.reference() == nil)
        let (own, library) = (try directory.loadRuntime(), try directory.loadRuntime(.library))
        #expect(own.name == "trees" && library.name == "xgboost")
        let row: [Float] = [0.1, .nan, 0.2, 1, 2, 3]
        #expect(abs(try own.predict(row, count: 1)[0] - library.predict(row, count: 1)[0]) < 1e-7)
    }

    @Test("has a reference.csv as its reference sample, or else an input example that is large enough")
    func references() throws {
        let example = """

            saved_input_example_info:
              artifact_path: input_example.json
              pandas_orient: split
              type: dataframe
            """
        let folder = try Self.folder(["MLmodel": Self.mlModel + example])
        func write(_ rows: Int, _ row: String) throws {
            let all = [String](repeating: row, count: rows).joined(separator: ",")
            try folder.write("input_example.json", #"{"columns":["a","plan","b"],"data":[\#(all)]}"#.utf8)
        }
        let least = RuntimesLimits.exampleReferenceRows
        try write(least - 1, #"[1.5,"basic",true]"#)
        #expect(try ModelDirectory.open(folder.path).reference() == nil)
        try write(least, #"[1.5,"basic",true]"#)
        let table = try #require(try ModelDirectory.open(folder.path).reference())
        #expect(table.columns.map(\.name) == ["a", "plan", "b"] && table.rowCount == least)
        #expect(table["plan"]?.values == .strings([String?](repeating: "basic", count: least)))
        #expect(table["b"]?.values == .numbers([Double](repeating: 1, count: least)))
        for strange in [#"[1.5,"basic",[1]]"#, #"[1.5,7,"x",true,{}]"#, "[]"] {
            try write(least, strange)
            _ = try ModelDirectory.open(folder.path).reference()
        }
        try folder.write("input_example.json", "[1, 2".utf8)
        #expect(try ModelDirectory.open(folder.path).reference() == nil)
        try folder.write("reference.csv", "a,b\n1,2\n3,4\n".utf8)
        #expect(try ModelDirectory.open(folder.path).reference()?.rowCount == 2)
        #expect(try ModelDirectory.open(folder.path + "/model.ubj").reference() == nil)
    }

    private static func verified(_ folder: TemporaryFolder, sum: String?) throws {
        let sum = sum ?? String(repeating: "0", count: 64)
        let signature: JSONValue = [
            "inputs": .array("abcdef".map { ["type": "double", "name": .string(String($0))] }), "outputs": [],
        ]
        let reference = Array("a,b,c,d,e,f\n1,2,3,4,5,6\n".utf8)
        try folder.write("reference.csv", reference)
        let file = MartletModelFile(
            flavor: .xgboost,
            file: "model.ubj",
            signature: try ModelSignature(json: signature),
            classes: ["no", "yes"],
            threshold: 0.4,
            reference: "reference.csv",
            metrics: [("accuracy", 0.97)],
            checksums: [("model.ubj", sum)]
        )
        #expect(try MartletModelFile(JSONValue.parse(file.json.serialized())) == file)
        try folder.write(MartletModelFile.name, file.json.prettyPrinted().utf8)
    }

    @Test("written by Martlet has classes, threshold, reference and verified checksums")
    func martlet() throws {
        let folder = try Self.folder()
        let sum = try ModelChecksums.sha256(of: "model.ubj", in: folder.path)
        try Self.verified(folder, sum: sum)
        let directory = try ModelDirectory.open(folder.path)
        #expect(directory.isVerified)
        #expect(directory.classes == ["no", "yes"] && directory.threshold == 0.4)
        #expect(directory.metrics == ["accuracy": 0.97])
        #expect(try directory.reference()?.rowCount == 1)
    }

    @Test("with a changed or missing file is refused, naming the file")
    func checksums() throws {
        let folder = try Self.folder()
        let sum = try ModelChecksums.sha256(of: "model.ubj", in: folder.path)
        try Self.verified(folder, sum: sum)
        var bytes = try GoldenFiles.bytes("xgboost-binary.ubj")
        bytes[bytes.count / 2] ^= 1
        try folder.write("model.ubj", bytes)
        let changed = try #require(throws: MartletError.self) { try ModelDirectory.open(folder.path) }
        #expect(changed.code == .dataLoss && changed.message.contains("'model.ubj'"))
        #expect(!changed.message.contains(folder.path))
        try Self.verified(folder, sum: nil)
        let missing = try #require(throws: MartletError.self) { try ModelDirectory.open(folder.path) }
        #expect(missing.code == .dataLoss)
    }

    @Test(
        "that is no model is refused with a message that says why",
        arguments: [
            ("flavors:\n  sklearn:\n    pickled_model: model.pkl\n", MartletError.Code.unimplemented, "sklearn"),
            ("flavors: [", .invalidArgument, "YAML"),
            ("flavors: 3", .invalidArgument, "flavors"),
            ("flavors:\n  xgboost:\n    code: null\n", .invalidArgument, "data"),
            ("flavors:\n  xgboost:\n    data: ../../etc/passwd\n", .invalidArgument, "safe path"),
            ("flavors:\n  xgboost:\n    data: /etc/passwd\n", .invalidArgument, "safe path"),
        ]
    )
    func refused(_ text: String, _ code: MartletError.Code, _ part: String) throws {
        let folder = try Self.folder(["MLmodel": text])
        let error = try #require(throws: MartletError.self) { try ModelDirectory.open(folder.path) }
        #expect(error.code == code && error.message.contains(part), "\(error)")
    }

    @Test("that is not there, or whose model file is not there, is refused")
    func absent() throws {
        let gone = try #require(throws: MartletError.self) { try ModelDirectory.open("/nonexistent") }
        #expect(gone.code == .notFound)
        let folder = try Self.folder(["MLmodel": Self.mlModel.replacing("model.ubj", with: "other.ubj")])
        let directory = try ModelDirectory.open(folder.path)
        let error = try #require(throws: MartletError.self) { try directory.loadRuntime() }
        #expect(error.code == .dataLoss && error.message.contains("other.ubj"))
    }

    @Test("whose signature does not fit the model is refused")
    func signatureMismatch() throws {
        let short = Self.mlModel.replacing("{\"type\": \"double\", \"name\": \"a\", \"required\": true}, ", with: "")
        let folder = try Self.folder(["MLmodel": short])
        let error = try #require(throws: MartletError.self) { try ModelDirectory.open(folder.path).loadRuntime() }
        #expect(error.code == .invalidArgument && error.message.contains("5 inputs"))
    }

    @Test("of a booster with dropped trees runs in both")
    func dart() throws {
        let folder = try TemporaryFolder()
        try folder.write("MLmodel", "flavors:\n  xgboost:\n    data: model.xgb\n".utf8)
        try folder.write("model.xgb", GoldenFiles.bytes("dart.json"))
        let directory = try ModelDirectory.open(folder.path)
        let golden = try GoldenFiles.json("early-stopped.expected.json")
        let expected = GoldenFiles.numbers(try GoldenFiles.json("dart.expected.json"))
        for (preference, name) in [(RuntimePreference.automatic, "trees"), (.library, "xgboost")] {
            let runtime = try directory.loadRuntime(preference)
            #expect(runtime.name == name)
            let result = try runtime.predict(GoldenFiles.rows(golden["rows"]), count: 8)
            for (ours, theirs) in zip(result, expected) { #expect(abs(ours - theirs) < 3e-7) }
        }
    }
}
