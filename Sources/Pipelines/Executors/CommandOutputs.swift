import Core
import Dispatch
import Foundation

/// What a command wrote to `MARTLET_OUTPUTS`.
enum CommandOutputs {
    /// The JSON object in the file, with every value of a secret hidden; none when the command wrote nothing.
    ///
    /// The file is the command's work, so that it is not trusted to be one: a link would lead out of the command's reach,
    /// and a pipe would never end.
    static func read(_ path: String, task: String, mask: SecretMask?) throws -> JSONObject {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw unreadable(task) }
            return [:]
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw unreadable(task) }
        let data = try handle.read(upToCount: PipelinesLimits.outputBytes + 1) ?? Data()
        guard data.count <= PipelinesLimits.outputBytes else {
            throw MartletError(
                .failedPrecondition,
                "The outputs of the task '\(task)' are larger than \(PipelinesLimits.outputBytes) bytes; put them in a file or an artifact."
            )
        }
        do {
            let outputs = try JSONFields(try JSONValue.parse([UInt8](data)), path: "outputs").object
            return mask.map { masked(outputs, $0) } ?? outputs
        } catch {
            let reason = mask?.masked(error.message) ?? error.message
            throw MartletError(
                .failedPrecondition,
                "The outputs of the task '\(task)' are no JSON object: \(reason)"
            )
        }
    }

    private static func unreadable(_ task: String) -> MartletError {
        MartletError(.failedPrecondition, "The outputs of the task '\(task)' are no plain file.")
    }

    private static func masked(_ outputs: JSONObject, _ mask: SecretMask) -> JSONObject {
        JSONObject(outputs.pairs.map { (mask.masked($0.key), masked($0.value, mask)) })
    }

    private static func masked(_ value: JSONValue, _ mask: SecretMask) -> JSONValue {
        switch value {
        case .string(let text): .string(mask.masked(text))
        case .array(let items): .array(items.map { masked($0, mask) })
        case .object(let object): .object(masked(object, mask))
        case .null, .bool, .integer, .number: value
        }
    }
}
