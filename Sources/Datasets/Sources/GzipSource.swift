import CZlib
import Core
import Synchronization

/// The content of a file that is compressed with gzip, in memory that does not grow with it.
///
/// Reading on is cheap; reading something before goes through the file from its beginning.
final class GzipSource: ByteSource {
    private struct State {
        // Safe because zlib's state is only used under the lock.
        nonisolated(unsafe) var stream: UnsafeMutablePointer<z_stream>?
        /// What was read of the file and not yet taken by zlib.
        var input: [UInt8] = []
        var inputStart = 0
        var fileOffset: Int64 = 0
        /// How many bytes of content came out, and the last of them.
        var position: Int64 = 0
        var recent: [UInt8] = []
        var isAtEnd = false
    }

    let name: String
    private let file: SourceFile
    private let state = Mutex(State())

    init(_ file: SourceFile) {
        self.file = file
        name = file.name
    }

    deinit {
        state.withLock { Self.end(&$0) }
    }

    func fraction(at offset: Int64) throws -> Double {
        try file.fraction(at: state.withLock { $0.fileOffset })
    }

    func read(from offset: Int64, count: Int) throws -> [UInt8] {
        try state.withLock { state in
            if offset < state.position - Int64(state.recent.count) { Self.rewind(&state) }
            while !state.isAtEnd, state.position < offset + Int64(count) {
                let kept = state.position - max(offset, state.position - Int64(state.recent.count))
                state.recent.removeFirst(
                    state.recent.count - Int(max(0, min(kept, Int64(state.recent.count))))
                )
                try more(&state)
            }
            let first = state.position - Int64(state.recent.count)
            let start = Int(min(max(0, offset - first), Int64(state.recent.count)))
            let end = min(state.recent.count, start + count)
            return Array(state.recent[start..<end])
        }
    }

    private static func rewind(_ state: inout State) {
        end(&state)
        state = State()
    }

    private static func end(_ state: inout State) {
        guard let stream = state.stream else { return }
        inflateEnd(stream)
        stream.deallocate()
        state.stream = nil
    }

    /// Decompresses one more piece behind `recent`.
    private func more(_ state: inout State) throws(MartletError) {
        if state.inputStart == state.input.count {
            state.input = try file.read(from: state.fileOffset, count: DatasetsLimits.readBytes)
            state.inputStart = 0
            state.fileOffset += Int64(state.input.count)
            if state.input.isEmpty {
                guard state.stream == nil else { throw broken("ends in the middle") }
                state.isAtEnd = true
                return
            }
        }
        let stream = try stream(&state)
        var status = Z_OK
        let room = DatasetsLimits.readBytes
        let left = state.input.count - state.inputStart
        let start = state.inputStart
        var taken = 0
        let output = state.input.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: room) { target, count in
                stream.pointee.next_in = input.baseAddress.map { $0 + start }
                stream.pointee.avail_in = UInt32(left)
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = UInt32(room)
                status = inflate(stream, Z_NO_FLUSH)
                count = room - Int(stream.pointee.avail_out)
                taken = left - Int(stream.pointee.avail_in)
            }
        }
        state.inputStart += taken
        state.recent += output
        state.position += Int64(output.count)
        let read = state.fileOffset - Int64(state.input.count - state.inputStart)
        let isBomb =
            state.position > DatasetsLimits.expansionFloor
            && state.position / max(1, read) > DatasetsLimits.expansionRatio
        guard !isBomb else {
            throw MartletError(
                .payloadTooLarge,
                "The data file '\(name)' expands to more than \(DatasetsLimits.expansionRatio) times its size."
            )
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        // Another member may follow.
        case Z_STREAM_END: Self.end(&state)
        default: throw broken("is damaged")
        }
    }

    private func stream(_ state: inout State) throws(MartletError) -> UnsafeMutablePointer<z_stream> {
        if let stream = state.stream { return stream }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 is the largest window, 16 more asks for gzip.
        guard inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw MartletError(.resourceExhausted, "There is no memory to decompress '\(name)'.")
        }
        state.stream = stream
        return stream
    }

    private func broken(_ what: String) -> MartletError {
        MartletError(.invalidArgument, "The data file '\(name)' is no whole gzip file: it \(what).")
    }
}
