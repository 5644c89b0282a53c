import Core

/// One node of an ONNX graph with the attributes of tree ensembles (onnx.proto, `NodeProto`).
struct ONNXOperation {
    private(set) var inputs: [String] = []
    private(set) var outputs: [String] = []
    private(set) var type = ""
    private(set) var floats: [String: [Float]] = [:]
    private(set) var integers: [String: [Int64]] = [:]
    private(set) var texts: [String: [String]] = [:]
    /// Attributes of other kinds, such as tensors.
    private(set) var others: Set<String> = []

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var fields = ProtobufFields(bytes)
        while let field = try fields.next() {
            switch field.number {
            case 1: inputs.append(field.text)
            case 2: outputs.append(field.text)
            case 4: type = field.text
            case 5: if let attribute = field.bytes { try take(attribute) }
            default: break
            }
        }
    }

    /// Lists come packed or element by element.
    private mutating func take(_ attribute: UnsafeBufferPointer<UInt8>) throws {
        var name = ""
        var (floats, integers, texts): ([Float], [Int64], [String]) = ([], [], [])
        var isOther = false
        var fields = ProtobufFields(attribute)
        while let field = try fields.next() {
            switch field.number {
            case 1: name = field.text
            case 2: floats.append(field.float)
            case 3: integers.append(field.integer)
            case 4, 9: texts.append(field.text)
            case 7:
                if let packed = field.bytes {
                    floats += try ProtobufFields.floats(packed)
                } else {
                    floats.append(field.float)
                }
            case 8:
                if let packed = field.bytes {
                    integers += try ProtobufFields.integers(packed)
                } else {
                    integers.append(field.integer)
                }
            case 5, 6, 10, 11, 22, 23: isOther = true
            default: break
            }
        }
        if !floats.isEmpty { self.floats[name] = floats }
        if !integers.isEmpty { self.integers[name] = integers }
        if !texts.isEmpty { self.texts[name] = texts }
        if isOther { others.insert(name) }
    }
}
