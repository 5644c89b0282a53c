package import Core

/// A model on disk: a folder in MLflow's layout, written by Martlet or by any of MLflow's flavors, or a single file.
package struct ModelDirectory: Sendable {
    /// The folder on this host; never part of a message.
    package let path: String
    /// What runs the model.
    package let flavor: ModelFlavor
    /// The model file, relative to `path`; `MLmodel` for a model that runs in Python.
    package let file: String
    /// What goes in and out; nil when the directory does not say.
    package let signature: ModelSignature?
    /// The class names by index; empty when unknown or for regression.
    package let classes: [String]
    /// The probability from which class 1 is predicted.
    package let threshold: Double
    /// The sample of training rows that `martlet.json` names, relative to `path`.
    package let referenceFile: String?
    /// How raw columns become the model's features, as `martlet.json` names the file; nil when they are that already.
    package let transformFile: String?
    /// The model's metrics at training time.
    package let metrics: [String: Double]
    /// Whether there were checksums, and every file matched.
    package let isVerified: Bool

    let stopsAtBestIteration: Bool
    /// The input example, relative to `path`; it may be large enough to be the reference sample.
    let exampleFile: String?
    /// Whether it is one file, beside which lie things that are not the model's.
    let isSingleFile: Bool

    /// Reads `MLmodel` and `martlet.json` and verifies every checksum, or looks at a single file.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Parameters:
    ///   - path: the folder or the file.
    ///   - checksum: what the SHA-256 of a single file must be, as `sha256:` and 64 hexadecimal digits.
    /// - Returns: what is known of the model before it is loaded.
    /// - Throws: `notFound` without an `MLmodel`, `dataLoss` naming a file that is missing or changed,
    ///   `invalidArgument` naming a field that is wrong, `unimplemented` for what Martlet does not run.
    package static func open(_ path: String, checksum: String? = nil) throws -> ModelDirectory {
        if let (directory, name) = FileBytes.file(at: path) {
            return try single(name, in: directory, checksum: checksum)
        }
        guard checksum == nil else {
            throw MartletError(.invalidArgument, "A checksum is given for a single file, not for a folder.")
        }
        let limit = RuntimesLimits.descriptionBytes
        guard let mlModel = try FileBytes.read("MLmodel", in: path, limit: limit) else {
            throw MartletError(.notFound, "There is no 'MLmodel' in the model's directory; is it an MLflow model?")
        }
        let own = try FileBytes.read(MartletModelFile.name, in: path, limit: limit)
        let martlet = try own.map { try MartletModelFile(JSONValue.parse($0)) }
        for (file, expected) in martlet?.checksums ?? [] { try verify(file, in: path, expected) }
        let description = try ModelDescription(mlModel: mlModel)
        let choice: (flavor: ModelFlavor, file: String)
        if let martlet {
            try FileBytes.validate(martlet.file)
            choice = (martlet.flavor, martlet.file)
        } else {
            choice = try choose(description.candidates, in: path)
        }
        return ModelDirectory(path, choice, description, martlet)
    }

    /// The first flavor whose file is what the flavor's runtime reads: MLflow keeps some LightGBM models as pickles.
    private static func choose(
        _ candidates: [(flavor: ModelFlavor, file: String)],
        in path: String
    ) throws -> (flavor: ModelFlavor, file: String) {
        var last: MartletError?
        for candidate in candidates {
            guard candidate.flavor != .python else { return candidate }
            try FileBytes.validate(candidate.file)
            do {
                guard let head = try FileBytes.head(of: candidate.file, in: path, count: ModelFileKind.headBytes) else {
                    return candidate
                }
                let kind = ModelFileKind(head, name: candidate.file)
                if try kind.flavor(name: candidate.file) == candidate.flavor { return candidate }
            } catch let error as MartletError {
                last = error
            }
        }
        throw last
            ?? MartletError(.invalidArgument, "No file of the model is what its flavor in 'MLmodel' says.")
    }

    private static func single(_ name: String, in directory: String, checksum: String?) throws -> ModelDirectory {
        if let checksum { try verify(name, in: directory, try digest(checksum)) }
        guard let head = try FileBytes.head(of: name, in: directory, count: ModelFileKind.headBytes) else {
            throw MartletError(.notFound, "There is no file '\(name)'.")
        }
        let flavor = try ModelFileKind(head, name: name).flavor(name: name)
        return ModelDirectory(directory, (flavor, name), isVerified: checksum != nil)
    }

    private static func digest(_ checksum: String) throws(MartletError) -> String {
        let digits = checksum.hasPrefix("sha256:") ? checksum.dropFirst("sha256:".count) : ""
        guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) else {
            throw MartletError(.invalidArgument, "The checksum must be sha256: and 64 hexadecimal digits.")
        }
        return digits.lowercased()
    }

    private static func verify(_ file: String, in path: String, _ expected: String) throws {
        guard let found = try FileBytes.sha256(of: file, in: path) else {
            throw MartletError(.dataLoss, "The file '\(file)' of the model is missing; restore it or register again.")
        }
        guard found == expected else {
            throw MartletError(
                .dataLoss,
                "The file '\(file)' of the model is damaged: its SHA-256 is \(found.prefix(12))…, not"
                    + " \(expected.prefix(12))…; restore it or register the model again."
            )
        }
    }

    private init(
        _ path: String,
        _ choice: (flavor: ModelFlavor, file: String),
        _ description: ModelDescription,
        _ martlet: MartletModelFile?
    ) {
        self.path = path
        flavor = choice.flavor
        file = choice.file
        signature = martlet?.signature ?? description.signature
        classes = martlet?.classes ?? []
        threshold = martlet?.threshold ?? 0.5
        referenceFile = martlet?.reference
        transformFile = martlet?.transform
        exampleFile = description.exampleFile
        isSingleFile = false
        metrics = Dictionary((martlet?.metrics ?? []).map { ($0.name, $0.value) }) { _, last in last }
        isVerified = martlet.map { !$0.checksums.isEmpty } ?? false
        stopsAtBestIteration = description.modelClasses[.xgboost]?.hasPrefix("xgboost.sklearn.") ?? false
    }

    private init(_ path: String, _ choice: (flavor: ModelFlavor, file: String), isVerified: Bool) {
        self.path = path
        (flavor, file) = choice
        signature = nil
        classes = []
        threshold = 0.5
        referenceFile = nil
        transformFile = nil
        exampleFile = nil
        isSingleFile = true
        metrics = [:]
        self.isVerified = isVerified
        stopsAtBestIteration = false
    }

    /// The input columns in order; empty when the directory has no signature.
    package var featureNames: [String] {
        signature?.inputs.map(\.name) ?? []
    }
}
