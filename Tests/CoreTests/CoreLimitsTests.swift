import Core
import Testing

/// The shared limits at their edge.
@Suite struct CoreLimitsTests {
    @Test func aDocumentMayHaveSoManyBytes() throws {
        let quote = UInt8(ascii: "\"")
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: CoreLimits.jsonBytes - 2)
        let most = [quote] + letters + [quote]
        #expect(try JSONValue.parse(most).stringValue?.utf8.count == CoreLimits.jsonBytes - 2)
        let error = #expect(throws: MartletError.self) { try JSONValue.parse(most + [UInt8(ascii: " ")]) }
        #expect(error?.code == .payloadTooLarge)
    }

    @Test func aTensorMayHaveSoManyElements() throws {
        #expect(try Tensor.elementCount(of: [CoreLimits.tensorElements]) == CoreLimits.tensorElements)
        for shape in [[CoreLimits.tensorElements + 1], [CoreLimits.tensorElements, 2], [.max, .max]] {
            let error = #expect(throws: MartletError.self) { try Tensor.elementCount(of: shape) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func aTableMayHaveSoManyColumns() throws {
        let columns = (0...CoreLimits.tableColumns).map { Column(name: "c\($0)", values: .numbers([])) }
        #expect(try Table(columns: Array(columns.dropLast())).columns.count == CoreLimits.tableColumns)
        let error = #expect(throws: MartletError.self) { try Table(columns: columns) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func aSignatureMayHaveSoManyFields() throws {
        let columns = [JSONValue](repeating: ["type": "double"], count: CoreLimits.signatureFields)
        #expect(try ModelSignature(json: ["inputs": .array(columns)]).inputs.count == columns.count)
        let error = #expect(throws: MartletError.self) {
            try ModelSignature(json: ["inputs": .array(columns + [["type": "double"]])])
        }
        #expect(error?.code == .invalidArgument)
    }
}
