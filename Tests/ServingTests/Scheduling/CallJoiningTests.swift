import Core
import Runtimes
import Serving
import Testing

@Suite("Joining calls")
struct CallJoiningTests {
    private func rows(_ values: [Float], _ count: Int, deadline: UInt64? = nil) -> ModelCall {
        ModelCall(.rows(values, count: count), deadline: deadline)
    }

    private func tensors(_ numbers: [Float], _ texts: [String], layout: TensorLayout = .columns) throws -> ModelCall {
        ModelCall(
            .tensors(
                [
                    NamedTensor("x", try Tensor(shape: [texts.count, 2], elements: numbers)),
                    NamedTensor("t", try Tensor(shape: [texts.count], strings: texts)),
                ],
                layout
            )
        )
    }

    @Test("Rows are joined in order, and the answer is split as it was asked")
    func rowsBackAndForth() throws {
        let calls = [rows([1, 2], 1, deadline: 5), rows([3, 4, 5, 6], 2, deadline: 9)]
        let joined = try CallJoining.join(calls, rows: [1, 2])
        #expect(joined.input == .rows([1, 2, 3, 4, 5, 6], count: 3))
        #expect(joined.deadline == 9)
        #expect(try CallJoining.join([calls[0], rows([7, 8], 1)], rows: [1, 1]).deadline == nil)
        let parts = try CallJoining.split(.rows([10, 20, 30, 40, 50, 60], count: 3), rows: [1, 2])
        #expect(parts == [.rows([10, 20], count: 1), .rows([30, 40, 50, 60], count: 2)])
    }

    @Test("Tensors of numbers and of texts are joined and split along their first extent")
    func tensorsBackAndForth() throws {
        let first = try tensors([1, 2], ["a"])
        let second = try tensors([3, 4, 5, 6], ["b", "c"])
        let joined = try CallJoining.join([first, second], rows: [1, 2])
        guard case .tensors(let all, .columns) = joined.input else {
            Issue.record("not tensors")
            return
        }
        #expect(all[0].tensor.shape == [3, 2])
        #expect(all[0].tensor.elements(Float.self) == [1, 2, 3, 4, 5, 6])
        #expect(all[1].tensor.texts.map { String(decoding: $0, as: UTF8.self) } == ["a", "b", "c"])
        let parts = try #require(try CallJoining.split(.tensors(all, .named), rows: [1, 2]))
        guard case .tensors(let last, .named) = parts[1] else {
            Issue.record("not tensors")
            return
        }
        #expect(last[0].tensor.elements(Float.self) == [3, 4, 5, 6])
        #expect(last[1].tensor.shape == [2])
    }

    @Test("An answer with another number of rows cannot be split")
    func unsplittable() throws {
        #expect(try CallJoining.split(.rows([1], count: 1), rows: [1, 1]) == nil)
        #expect(try CallJoining.split(.json([1, 2, 3]), rows: [1, 1]) == nil)
        #expect(try CallJoining.split(.json(7), rows: [1]) == nil)
        #expect(try CallJoining.split(.json([1, 2, 3]), rows: [2, 1]) == [.json([1, 2]), .json([3])])
        let scalar = NamedTensor("s", try Tensor(shape: [], elements: [Float(1)]))
        #expect(try CallJoining.split(.tensors([scalar], .named), rows: [1, 1]) == nil)
    }

    @Test("Keys: equal but for the rows; objects, ragged tensors and wrong counts run alone")
    func keys() throws {
        let one = try tensors([1, 2], ["a"])
        let two = try tensors([3, 4, 5, 6], ["b", "c"])
        #expect(BatchKey(one, rows: 1) == BatchKey(two, rows: 2))
        #expect(BatchKey(one, rows: 1) != BatchKey(try tensors([1, 2], ["a"], layout: .named), rows: 1))
        var other = one
        other.outputs = ["y"]
        #expect(BatchKey(one, rows: 1) != BatchKey(other, rows: 1))
        other = one
        other.parameters = ["temperature": 1]
        #expect(BatchKey(one, rows: 1) != BatchKey(other, rows: 1))
        #expect(BatchKey(one, rows: 2) == nil)
        #expect(BatchKey(ModelCall(.json([1])), rows: 1) == nil)
        #expect(BatchKey(rows([1, 2], 1), rows: 1) != BatchKey(rows([1, 2, 3], 1), rows: 1))
        #expect(BatchKey(rows([], 0), rows: 0) == nil)
    }

    @Test("A call is cut only above the maximum, and its pieces' answers become one")
    func pieces() throws {
        let call = rows([1, 2, 3, 4, 5], 5)
        #expect(try CallJoining.pieces(of: call, rows: 5, maximum: 5).count == 1)
        let pieces = try CallJoining.pieces(of: call, rows: 5, maximum: 2)
        #expect(pieces.map(\.rows) == [2, 2, 1])
        #expect(pieces.map(\.call.input) == [.rows([1, 2], count: 2), .rows([3, 4], count: 2), .rows([5], count: 1)])
        #expect(try CallJoining.pieces(of: ModelCall(.json([1, 2, 3])), rows: 3, maximum: 1).count == 1)
        let merged = try CallJoining.merge([.rows([1, 2], count: 2), .rows([3], count: 1)])
        #expect(merged == .rows([1, 2, 3], count: 3))
        #expect(try CallJoining.merge([.rows([1], count: 1), .json([2])]) == nil)
        #expect(try CallJoining.merge([.json([1]), .json([2, 3])]) == .json([1, 2, 3]))
        let cut = try CallJoining.pieces(of: tensors([1, 2, 3, 4, 5, 6], ["a", "b", "c"]), rows: 3, maximum: 2)
        #expect(cut.map(\.rows) == [2, 1])
        let contents = cut.map { piece -> ModelResult.Content in
            guard case .tensors(let tensors, let layout) = piece.call.input else { return .json(.null) }
            return .tensors(tensors, layout)
        }
        guard case .tensors(let whole, _)? = try CallJoining.merge(contents) else {
            Issue.record("not tensors")
            return
        }
        #expect(whole[0].tensor.elements(Float.self) == [1, 2, 3, 4, 5, 6])
        #expect(whole[1].tensor.shape == [3])
    }
}
