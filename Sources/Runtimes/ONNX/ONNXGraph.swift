import Core

/// What an ONNX file says of itself, which is read before any library sees the file.
///
/// It tells what goes in and out, a classifier's labels, and the files beside it that hold its weights (onnx.proto,
/// `ModelProto`).
struct ONNXGraph: Sendable {
    /// What a call must give, without what has a value in the file.
    private(set) var inputs: [ONNXPort] = []
    /// What a call gives.
    private(set) var outputs: [ONNXPort] = []
    /// The versions of the operator sets, by domain; the empty domain is ONNX's own.
    private(set) var operatorSets: [String: Int] = [:]
    /// Files with weights, relative to the model's folder.
    private(set) var externalFiles: Set<String> = []
    /// The classes of a classifier in the order of its probabilities; empty when the file does not say.
    var classLabels: [String] {
        if let zipped { return zipped }
        return classifiers.count == 1 ? classifiers[0] : []
    }

    private var zipped: [String]?
    private var classifiers: [[String]] = []
    /// The file while it is read.
    private var bytes: [UInt8]

    private static let deepestGraph = 32

    /// Reads a model.
    ///
    /// - Throws: `dataLoss` for what is no ONNX model, `invalidArgument` for a file of weights outside the folder.
    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        var version: UInt64?
        var hasGraph = false
        var fields = WireFields(bytes, 0..<bytes.count)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .number(let number)): version = number
            case (7, .bytes(let range)):
                hasGraph = true
                try readGraph(range, depth: 0)
            case (8, .bytes(let range)): try readOperatorSet(range)
            case (25, .bytes(let range)): try readNodes(of: range, field: 7, depth: 0)
            default: break
            }
        }
        guard version != nil, hasGraph else {
            throw MartletError(.dataLoss, "The file is no ONNX model or is damaged; restore it or export it again.")
        }
        for file in externalFiles { try FileBytes.validate(file) }
        self.bytes = []
    }

    private mutating func readOperatorSet(_ range: Range<Int>) throws {
        var (domain, version) = ("", 0)
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): domain = self.text(text)
            case (2, .number(let number)): version = Int(truncatingIfNeeded: number)
            default: break
            }
        }
        operatorSets[domain] = version
    }

    private mutating func readGraph(_ range: Range<Int>, depth: Int) throws {
        var (ins, outs): ([ONNXPort], [ONNXPort]) = ([], [])
        var initialized: Set<String> = []
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            guard case .bytes(let part) = field.value else { continue }
            switch field.number {
            case 1: try readNode(part, depth: depth)
            case 5: initialized.insert(try readTensor(part))
            case 11 where depth == 0: ins.append(try port(part))
            case 12 where depth == 0: outs.append(try port(part))
            case 15: initialized.formUnion(try readSparseTensor(part))
            default: break
            }
        }
        guard depth == 0 else { return }
        guard ins.count <= RuntimesLimits.ports, outs.count <= RuntimesLimits.ports else {
            throw MartletError(
                .dataLoss,
                "The ONNX model has more than \(RuntimesLimits.ports) inputs or outputs."
            )
        }
        inputs = ins.filter { !initialized.contains($0.name) }
        outputs = outs
    }

    // MARK: Nodes

    private mutating func readNodes(of range: Range<Int>, field wanted: Int, depth: Int) throws {
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            if field.number == wanted, case .bytes(let node) = field.value { try readNode(node, depth: depth) }
        }
    }

    private mutating func readNode(_ range: Range<Int>, depth: Int) throws {
        var operation = ""
        var labels: [String] = []
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (4, .bytes(let name)): operation = text(name)
            case (5, .bytes(let attribute)):
                let found = try readAttribute(attribute, depth: depth)
                if !found.isEmpty { labels = found }
            default: break
            }
        }
        switch operation {
        case "ZipMap": zipped = labels
        case "TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier": classifiers.append(labels)
        default: break
        }
    }

    /// Follows an attribute to tensors and graphs; the result is the class labels when it holds them.
    private mutating func readAttribute(_ range: Range<Int>, depth: Int) throws -> [String] {
        guard depth < Self.deepestGraph else {
            throw MartletError(.dataLoss, "The ONNX model nests its graphs deeper than \(Self.deepestGraph).")
        }
        var isLabels = false
        var labels: [String] = []
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let name)): isLabels = text(name).hasPrefix("classlabels_")
            case (5, .bytes(let tensor)), (10, .bytes(let tensor)): _ = try readTensor(tensor)
            case (6, .bytes(let graph)), (11, .bytes(let graph)): try readGraph(graph, depth: depth + 1)
            case (22, .bytes(let tensor)), (23, .bytes(let tensor)): _ = try readSparseTensor(tensor)
            case (8, .number(let number)) where isLabels: labels.append("\(Int64(bitPattern: number))")
            case (8, .bytes(let packed)) where isLabels:
                var numbers = WireFields(bytes, packed)
                labels += try numbers.packed().map { "\(Int64(bitPattern: $0))" }
            case (9, .bytes(let label)) where isLabels: labels.append(text(label))
            default: break
            }
        }
        return labels
    }

    // MARK: Tensors

    /// Takes note of the file that holds a tensor's weights; the result is the tensor's name.
    private mutating func readTensor(_ range: Range<Int>) throws -> String {
        var name = ""
        var location: String?
        var isExternal = false
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (8, .bytes(let part)): name = text(part)
            case (13, .bytes(let entry)):
                let (key, value) = try pair(entry)
                if key == "location" { location = value }
            case (14, .number(let number)): isExternal = number == 1
            default: break
            }
        }
        if isExternal { externalFiles.insert(location ?? "") }
        return name
    }

    private mutating func readSparseTensor(_ range: Range<Int>) throws -> [String] {
        var names: [String] = []
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            guard field.number <= 2, case .bytes(let tensor) = field.value else { continue }
            names.append(try readTensor(tensor))
        }
        return names
    }

    private func pair(_ range: Range<Int>) throws -> (key: String, value: String) {
        var (key, value) = ("", "")
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            guard case .bytes(let part) = field.value else { continue }
            if field.number == 1 { key = text(part) } else if field.number == 2 { value = text(part) }
        }
        return (key, value)
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    // MARK: Types

    private func port(_ range: Range<Int>) throws -> ONNXPort {
        var name = ""
        var kind = ONNXPort.Kind.other("of no declared type")
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            guard case .bytes(let part) = field.value else { continue }
            if field.number == 1 {
                name = text(part)
            } else if field.number == 2 {
                kind = try self.kind(part, depth: 0)
            }
        }
        return ONNXPort(name: name, kind: kind)
    }

    private func kind(_ range: Range<Int>, depth: Int) throws -> ONNXPort.Kind {
        guard depth < 4 else { return .other("a type nested deeper than 4") }
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            guard case .bytes(let part) = field.value else { continue }
            switch field.number {
            case 1: return try tensor(part)
            case 4: return sequence(of: try kind(element(part, field: 1), depth: depth + 1))
            case 5: return try map(part, depth: depth)
            case 8: return .other("a sparse tensor")
            case 9: return try kind(element(part, field: 1), depth: depth + 1)
            default: break
            }
        }
        return .other("of no declared type")
    }

    private func sequence(of element: ONNXPort.Kind) -> ONNXPort.Kind {
        switch element {
        case .tensor(let type, let shape): .sequence(type, shape)
        case .labelled: .labelled
        case .sequence: .other("a sequence of sequences")
        case .other(let what): .other("a sequence of \(what)")
        }
    }

    private func map(_ range: Range<Int>, depth: Int) throws -> ONNXPort.Kind {
        guard case .tensor(.float32, _) = try kind(element(range, field: 2), depth: depth + 1) else {
            return .other("a map to other than floats")
        }
        return .labelled
    }

    /// The place of a message within another; empty when there is none.
    private func element(_ range: Range<Int>, field wanted: Int) throws -> Range<Int> {
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            if field.number == wanted, case .bytes(let part) = field.value { return part }
        }
        return range.upperBound..<range.upperBound
    }

    private func tensor(_ range: Range<Int>) throws -> ONNXPort.Kind {
        var code = 0
        var shape: [Int]?
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .number(let number)): code = Int(truncatingIfNeeded: number)
            case (2, .bytes(let part)): shape = try self.shape(part)
            default: break
            }
        }
        guard let type = DataType(onnx: code) else { return .other("a tensor of \(DataType.onnxName(code))") }
        guard (shape?.count ?? 0) <= CoreLimits.tensorRank else {
            return .other("a tensor of more than \(CoreLimits.tensorRank) dimensions")
        }
        return .tensor(type, shape)
    }

    private func shape(_ range: Range<Int>) throws -> [Int] {
        var extents: [Int] = []
        var fields = WireFields(bytes, range)
        while let field = try fields.next() {
            guard field.number == 1, case .bytes(let dimension) = field.value else { continue }
            var extent = -1
            var members = WireFields(bytes, dimension)
            while let member = try members.next() {
                // An extent of 0 or less is how some exporters write "any".
                guard member.number == 1, case .number(let number) = member.value else { continue }
                if let size = Int(exactly: Int64(bitPattern: number)), size > 0 { extent = size }
            }
            extents.append(extent)
        }
        return extents
    }
}
