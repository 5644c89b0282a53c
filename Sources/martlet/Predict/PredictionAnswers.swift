package import Core
import InferenceProto
import SwiftProtobuf

extension PredictionProtocol {
    /// The predictions in an answer, one for each row.
    ///
    /// - Throws: the server's own error; `internal` when the answer is not what the protocol says.
    package func predictions(_ answer: WireAnswer, count: Int) throws(MartletError) -> [JSONValue] {
        guard answer.failure == nil else { throw failure(answer) }
        let found: [JSONValue]
        switch self {
        case .grpc: found = try Self.message(answer.body, count)
        case .v2Binary where answer.headers["inference-header-content-length"] != nil:
            found = try Self.blobs(answer, count)
        default:
            let value = try JSONValue.parse(answer.body, limits: .lenientNumbers)
            switch self {
            case .predict: found = [value["probability"] ?? value["prediction"] ?? .null]
            case .v1, .invocations: found = value["predictions"]?.arrayValue ?? []
            default:
                let output = value["outputs"]?.arrayValue?.first
                found = Self.rows(output?["data"]?.arrayValue ?? [], count)
            }
        }
        guard found.count == count else {
            throw MartletError(.internal, "The server answered \(found.count) predictions for \(count) rows.")
        }
        return found
    }

    /// A failure in the server's own words.
    private func failure(_ answer: WireAnswer) -> MartletError {
        let code = MartletError.Code.allCases.first { $0.httpStatus == answer.status } ?? .internal
        if self == .grpc {
            return MartletError(.internal, answer.message.isEmpty ? answer.failure ?? "" : answer.message)
        }
        let value = try? JSONValue.parse(answer.body)
        let message =
            value?["error"]?["message"]?.stringValue ?? value?["error"]?.stringValue ?? value?["message"]?.stringValue
        return MartletError(code, message ?? "The server answered with status \(answer.status).")
    }

    /// Row-major elements as one value for each row.
    private static func rows(_ elements: [JSONValue], _ count: Int) -> [JSONValue] {
        guard count > 0, elements.count % count == 0, elements.count > count else { return elements }
        let width = elements.count / count
        return (0..<count).map { .array(Array(elements[$0 * width..<($0 + 1) * width])) }
    }

    private static func message(_ bytes: [UInt8], _ count: Int) throws(MartletError) -> [JSONValue] {
        do {
            let answer = try Inference_ModelInferResponse(serializedBytes: bytes)
            guard let output = answer.outputs.first, let raw = answer.rawOutputContents.first,
                let type = DataType(rawValue: output.datatype)
            else { return [] }
            return rows(try elements(type, output.shape.map { Int($0) }, Array(raw)), count)
        } catch let error as MartletError {
            throw error
        } catch {
            throw MartletError(.internal, "The answer is no message of the protocol.", cause: error)
        }
    }

    private static func blobs(_ answer: WireAnswer, _ count: Int) throws(MartletError) -> [JSONValue] {
        guard let length = answer.headers["inference-header-content-length"].flatMap({ Int($0) }),
            (0...answer.body.count).contains(length)
        else { throw MartletError(.internal, "The answer's Inference-Header-Content-Length does not fit.") }
        let head = try JSONValue.parse(answer.body[..<length], limits: .lenientNumbers)
        guard let output = head["outputs"]?.arrayValue?.first else { return [] }
        guard let size = output["parameters"]?["binary_data_size"]?.integerValue.flatMap({ Int(exactly: $0) }),
            size >= 0, size <= answer.body.count - length,
            let type = output["datatype"]?.stringValue.flatMap({ DataType(rawValue: $0) })
        else { return rows(output["data"]?.arrayValue ?? [], count) }
        let shape = (output["shape"]?.arrayValue ?? []).compactMap { $0.integerValue.flatMap { Int(exactly: $0) } }
        return rows(try elements(type, shape, Array(answer.body[length..<length + size])), count)
    }

    private static func elements(_ type: DataType, _ shape: [Int], _ bytes: [UInt8]) throws(MartletError) -> [JSONValue]
    {
        guard type != .bytes else {
            var texts: [JSONValue] = []
            var rest = bytes[...]
            while rest.count >= 4 {
                let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(4)
                texts.append(.string(String(decoding: rest.prefix(length), as: UTF8.self)))
                rest = rest.dropFirst(length)
            }
            return texts
        }
        let tensor = try Tensor(type, shape: shape, packed: bytes)
        if let whole = tensor.elements(Int64.self) { return whole.map { .integer($0) } }
        // The shortest text that reads back as the same 32-bit number, as the JSON protocols write it.
        if let single = tensor.elements(Float.self) { return single.map { .number(Double("\($0)") ?? Double($0)) } }
        return (tensor.doubles ?? []).map { .number($0) }
    }
}
