import Core
import Runtimes
import Testing

/// The frames between server and worker: whole, in pieces and broken.
struct WorkerFrameTests {
    private func taken(_ bytes: [UInt8], in pieces: Int = .max) throws -> [WorkerFrame] {
        var reader = WorkerFrameReader()
        var frames: [WorkerFrame] = []
        var rest = bytes[...]
        repeat {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(piece.count)
            frames += try piece.withUnsafeBytes { try reader.take($0) }
        } while !rest.isEmpty
        return frames
    }

    private let frames = [
        WorkerFrame(.load, id: 0, header: Array("{}".utf8)),
        WorkerFrame(.call, id: .max, header: Array("{\"a\":1}".utf8), body: Array(0...255)),
        WorkerFrame(.result, id: 7, header: [], body: []),
        WorkerFrame(.error, id: 8, header: [], body: [1]),
    ]

    @Test("Frames come out as they went in, however they are cut")
    func pieces() throws {
        let bytes = frames.flatMap(\.encoded)
        for piece in [1, 2, 3, 31, 32, 33, 64, 1000] { #expect(try taken(bytes, in: piece) == frames) }
        #expect(try taken(bytes) == frames)
        #expect(try taken(Array(bytes.dropLast())) == Array(frames.dropLast()))
    }

    @Test("The first bytes are those of the documentation")
    func layout() {
        let bytes = WorkerFrame(.call, id: 0x0102, header: [9, 9], body: [8]).encoded
        let expected: [UInt8] = [
            0x4D, 0x54, 0x4C, 0x57, 1, 0, 4, 0, 2, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
            9,
            9, 8,
        ]
        #expect(bytes == expected)
        #expect(bytes.count == WorkerFrame.preludeBytes + 3)
    }

    @Test(
        "A wrong mark, version or kind, and lengths past the limits, are refused before anything is kept",
        arguments: [
            (0, 0), (3, 0), (4, 2), (5, 1), (6, 0), (6, 7), (7, 1), (20, 1), (23, 1), (28, 1), (31, 0x80),
        ]
    )
    func refused(position: Int, byte: UInt8) {
        var bytes = WorkerFrame(.call, id: 1, header: [1], body: [1]).encoded
        bytes[position] = byte
        #expect(throws: WorkerProtocolError.self) { try taken(bytes) }
    }

    @Test("Lengths at the limit are taken, one more is refused")
    func limits() throws {
        func bytes(header: Int, body: Int) -> [UInt8] {
            var bytes = WorkerFrame(.call, id: 1, header: [], body: []).encoded
            for (offset, value) in [(16, header), (24, body)] {
                for place in 0..<4 { bytes[offset + place] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
            }
            return bytes
        }
        #expect(try taken(bytes(header: WorkerLimits.headerBytes, body: WorkerLimits.bodyBytes)).isEmpty)
        #expect(throws: WorkerProtocolError.self) { try taken(bytes(header: WorkerLimits.headerBytes + 1, body: 0)) }
        #expect(throws: WorkerProtocolError.self) { try taken(bytes(header: 0, body: WorkerLimits.bodyBytes + 1)) }
    }

    @Test("Random damage is a frame, an error or a wait, never a crash", arguments: 0..<300)
    func damage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = frames.flatMap(\.encoded)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let piece = Int.random(in: 1...80, using: &random)
        for frame in (try? taken(bytes, in: piece)) ?? [] {
            _ = try? WorkerAnswer(frame, outputs: nil, unnamed: "predict")
            _ = try? WorkerComplaint(frame)
        }
    }
}
