import Core
import Crypto
import Foundation

/// What makes two executions of a task the same: its code, what it is given, and what it reads.
struct TaskFingerprint: Sendable {
    /// The task's declaration.
    let spec: TaskSpec
    /// What it does, filled in, with `${pipeline.directory}` left as it is: where the files lie does not matter.
    let action: TaskAction
    /// Its environment, filled in likewise.
    let environment: [String: String]

    private struct Code {
        var digest = SHA256()
        var rest = PipelinesLimits.codeBytes
    }

    /// The SHA-256 of the task's code: its script, and the files of the pipeline's directory that its command or its
    /// cache rule names.
    ///
    /// - Throws: `failedPrecondition` when a file that the cache rule names is not there, or the files are too large.
    func codeHash(directory: String) throws -> String {
        var code = Code()
        code.digest.update(data: Data(action.kind.utf8))
        var named = spec.cache?.files ?? []
        switch action {
        case .step(let name, _): code.digest.update(data: Data(name.utf8))
        case .script(let text): code.digest.update(data: Data(text.utf8))
        case .container(let container): code.digest.update(data: Data(container.image.utf8))
        case .command(let words):
            // Files beside the manifest are code; what else a command names is an argument.
            for word in words where word.hasPrefix(Self.prefix) {
                let file = String(word.dropFirst(Self.prefix.count))
                if Self.isPlainFile("\(directory)/\(file)"), !file.split(separator: "/").contains("..") {
                    named.append(file)
                }
            }
        }
        for file in named.sorted() { try add(file, directory: directory, to: &code) }
        return Self.hex(code.digest.finalize())
    }

    private static let prefix = "${pipeline.directory}/"

    private func add(_ file: String, directory: String, to code: inout Code) throws {
        let path = "\(directory)/\(file)"
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw MartletError(
                .failedPrecondition,
                "'cache.files' of the task '\(spec.name)' names '\(file)', which is not beside the manifest."
            )
        }
        if isDirectory.boolValue {
            for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() where !name.hasPrefix(".") {
                try add("\(file)/\(name)", directory: directory, to: &code)
            }
            return
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw MartletError(.failedPrecondition, "The file '\(file)' of the task '\(spec.name)' cannot be read.")
        }
        defer { try? handle.close() }
        var content = SHA256()
        while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
            code.rest -= data.count
            guard code.rest >= 0 else {
                throw MartletError(
                    .failedPrecondition,
                    "The code of the task '\(spec.name)' has more than \(PipelinesLimits.codeBytes) bytes; name fewer files."
                )
            }
            content.update(data: data)
        }
        code.digest.update(data: Data("\(file)\0\(Self.hex(content.finalize()))\n".utf8))
    }

    private static func isPlainFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Under what the result of the job is found again.
    func cacheKey(of job: StepJob, codeHash: String) -> String {
        var parts: JSONObject = [
            "format": 1, "pipeline": .string(job.pipeline), "task": .string(spec.name), "code": .string(codeHash),
            "version": .optional(spec.cache?.version), "action": Self.given(action, environment),
            "secrets": .object(
                JSONObject(job.secretNames.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            ),
            "item": job.item ?? .null,
            "inputs": .array(
                job.inputs.map { input in
                    [
                        "path": .string(input.path),
                        "sha256": .array(input.records.map { .string($0.sha256) }),
                    ]
                }
            ),
            "outputs": .array(spec.outputs.map { [.string($0.name), .string($0.path)] }),
        ]
        if case .step = action {
            // A step sees what the tasks before it gave; a command sees the run's parameters.
            let upstream = job.upstream.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.object($0.value)) }
            parts["upstream"] = .object(JSONObject(upstream))
        } else {
            parts["parameters"] = .object(job.parameters)
        }
        return Self.hex(SHA256.hash(data: Data(JSONValue.object(parts).serialized())))
    }

    /// What a task is given, as lineage and the cache see it.
    static func given(_ action: TaskAction, _ environment: [String: String]) -> JSONValue {
        var object: JSONObject = [:]
        switch action {
        case .step(let name, let with):
            object["step"] = .string(name)
            object["with"] = .object(with)
        case .command(let words): object["run"] = .array(words.map(JSONValue.string))
        case .script(let text): object["script"] = .string(text)
        case .container(let container):
            object["image"] = .string(container.image)
            object["command"] = .array(container.command.map(JSONValue.string))
            object["args"] = .array(container.arguments.map(JSONValue.string))
        }
        if !environment.isEmpty {
            object["env"] = .object(
                JSONObject(environment.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            )
        }
        return .object(object)
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }
}
