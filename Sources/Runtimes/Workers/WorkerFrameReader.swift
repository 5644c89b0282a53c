/// Puts frames together from bytes as they arrive.
package struct WorkerFrameReader {
    private var prelude: WorkerFrame.Prelude?
    private var start: [UInt8] = []
    private var header: [UInt8] = []
    private var body: [UInt8] = []

    /// A reader at the start of a frame.
    package init() {}

    /// Takes bytes and returns the frames that they complete.
    ///
    /// - Throws: `WorkerProtocolError`; nothing that follows can be understood then.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) throws(WorkerProtocolError) -> [WorkerFrame] {
        var frames: [WorkerFrame] = []
        var rest = bytes[...]
        while true {
            guard let prelude else {
                Self.fill(&start, to: WorkerFrame.preludeBytes, from: &rest)
                guard start.count == WorkerFrame.preludeBytes else { return frames }
                prelude = try WorkerFrame.Prelude(start)
                continue
            }
            Self.fill(&header, to: prelude.headerBytes, from: &rest)
            guard header.count == prelude.headerBytes else { return frames }
            if body.isEmpty { body.reserveCapacity(prelude.bodyBytes) }
            Self.fill(&body, to: prelude.bodyBytes, from: &rest)
            guard body.count == prelude.bodyBytes else { return frames }
            frames.append(WorkerFrame(prelude.kind, id: prelude.id, header: header, body: body))
            self.prelude = nil
            start.removeAll(keepingCapacity: true)
            header = []
            body = []
        }
    }

    private static func fill(_ target: inout [UInt8], to count: Int, from rest: inout Slice<UnsafeRawBufferPointer>) {
        let taken = rest.prefix(count - target.count)
        target.append(contentsOf: UnsafeRawBufferPointer(rebasing: taken))
        rest = rest.dropFirst(taken.count)
    }
}
