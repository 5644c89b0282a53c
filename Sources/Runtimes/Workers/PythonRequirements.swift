package import Core
import Crypto
import Yams

/// What a model says about the Python that it needs (MLflow "Model API, environments").
package struct PythonRequirements: Sendable, Equatable {
    /// The version of Python, such as `3.11.7`; nil when the model does not say.
    package let python: String?
    /// What is installed before the rest, such as `pip==24.0`.
    package let build: [String]
    /// The lines of a requirements file, as the model wrote them.
    package let lines: [String]

    /// Reads the requirements of a model directory; nil when it names none.
    ///
    /// - Throws: `invalidArgument` for files that cannot be read.
    package init?(directory: String) throws(MartletError) {
        do {
            try self.init { name in
                try FileBytes.read(name, in: directory, limit: RuntimesLimits.descriptionBytes)
            }
        } catch {
            throw MartletError.wrapping(error)
        }
    }

    /// The files that are asked for, most telling first.
    package static let files = ["MLmodel", "python_env.yaml", "requirements.txt", "conda.yaml"]

    /// Reads the requirements through a function that gives a file's bytes, nil for a file that is not there.
    ///
    /// - Throws: `invalidArgument` for files that are no requirements, and what the function throws.
    package init?(_ read: (String) throws -> [UInt8]?) throws {
        let environment = try read("python_env.yaml").flatMap { try Self.yaml($0, "python_env.yaml") }
        let file = try read("requirements.txt").map(Self.textLines)
        let conda = try read("conda.yaml").flatMap { try Self.yaml($0, "conda.yaml") }
        let parts = conda?["dependencies"]?.sequence.map(Array.init) ?? []
        var lines: [String]
        if let listed = environment?["dependencies"]?.sequence?.compactMap(\.string) {
            lines = listed.flatMap { $0 == "-r requirements.txt" ? file ?? [] : [$0] }
        } else if let file {
            lines = file
        } else if let pip = parts.lazy.compactMap({ $0["pip"]?.sequence }).first {
            lines = pip.compactMap(\.string)
        } else {
            return nil
        }
        guard lines.count <= WorkerLimits.requirementLines else {
            throw MartletError(
                .invalidArgument,
                "The model has more than \(WorkerLimits.requirementLines) requirements."
            )
        }
        if !lines.contains(where: Self.isMLflow) {
            // The worker loads the model with MLflow, in the version that wrote it.
            let written = try read("MLmodel").flatMap { try Self.yaml($0, "MLmodel") }?["mlflow_version"]?.string
            lines.append(written.map { "mlflow==\($0)" } ?? "mlflow")
        }
        let condaPython = parts.compactMap(\.string).first { $0.hasPrefix("python=") }
        python =
            environment?["python"]?.string ?? condaPython.map { String($0.drop { !$0.isNumber }) }
        build = environment?["build_dependencies"]?.sequence?.compactMap(\.string) ?? []
        self.lines = lines
    }

    /// Names an environment that satisfies these requirements: 32 hexadecimal digits of their SHA-256.
    package var identifier: String {
        let text = (["martlet-environment-1", majorMinor ?? "", "\(build.count)"] + build + lines).joined(
            separator: "\n"
        )
        return String(FileBytes.hexadecimal(SHA256.hash(data: Array(text.utf8))).prefix(32))
    }

    /// The version of Python without its last part, such as `3.11`.
    package var majorMinor: String? {
        guard let python else { return nil }
        let parts = python.split(separator: ".").prefix(2)
        return parts.count == 2 && parts.allSatisfy { $0.allSatisfy(\.isNumber) } ? parts.joined(separator: ".") : nil
    }

    private static func isMLflow(_ line: String) -> Bool {
        let name = line.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." }
        return name == "mlflow" || name == "mlflow-skinny"
    }

    private static func textLines(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            String($0.reversed().drop(while: \.isWhitespace).reversed())
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    private static func yaml(_ bytes: [UInt8], _ name: String) throws -> Node? {
        do {
            return try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw MartletError(.invalidArgument, "'\(name)' of the model is not valid YAML.", cause: error)
        }
    }
}
