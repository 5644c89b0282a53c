internal import Core
internal import Dispatch
internal import Foundation

/// SQLite's write-ahead log as a file (sqlite.org/fileformat2.html, section 4): read only, and only what SQLite itself
/// would trust: frames with the log's salts and an unbroken chain of checksums, up to the last commit.
///
/// Locks are on other files, so that opening and closing this one beside SQLite harms nothing.
struct WriteAheadLog {
    static let headerBytes = 32
    static let frameHeaderBytes = 24

    private let descriptor: Int32

    /// Calls `body` with the log of a database; with nil when there is none.
    static func with<T>(database path: String, _ body: (WriteAheadLog?) throws -> T) throws -> T {
        let descriptor = Foundation.open("\(path)-wal", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else {
                throw MartletError(.unavailable, "The database's log cannot be opened (system error \(errno)).")
            }
            return try body(nil)
        }
        defer { close(descriptor) }
        return try body(WriteAheadLog(descriptor: descriptor))
    }

    /// Bytes of the file, used or not.
    var fileBytes: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// The beginning of the log; nil when there is no valid header yet.
    func beginning() throws(MartletError) -> LogPosition? {
        let header = try read(at: 0, count: Self.headerBytes)
        guard header.count == Self.headerBytes else { return nil }
        return header.withUnsafeBytes { bytes in
            let magic = Self.word(bytes, 0)
            guard magic & ~1 == 0x377F_0682, Self.word(bytes, 4) == 3_007_000 else { return nil }
            let isBigEndian = magic & 1 == 1
            var checksum = LogChecksum()
            checksum.add(UnsafeRawBufferPointer(rebasing: bytes[..<24]), isBigEndian: isBigEndian)
            guard checksum == LogChecksum(first: Self.word(bytes, 24), second: Self.word(bytes, 28)) else { return nil }
            let pageBytes = Int(Self.word(bytes, 8))
            guard (512...65_536).contains(pageBytes), pageBytes & (pageBytes - 1) == 0 else { return nil }
            return LogPosition(
                salts: [Self.word(bytes, 16), Self.word(bytes, 20)],
                pageBytes: pageBytes,
                isBigEndian: isBigEndian,
                offset: Int64(Self.headerBytes),
                checksum: checksum
            )
        }
    }

    /// The end of the last commit at or after a position.
    func end(from start: LogPosition) throws(MartletError) -> LogPosition {
        var reached = start
        var committed = start
        let frameBytes = start.frameBytes
        let framesAtOnce = max(1, StorageLimits.logReadBytes / frameBytes)
        while true {
            let bytes = try read(at: reached.offset, count: framesAtOnce * frameBytes)
            let whole = bytes.count / frameBytes
            for frame in 0..<whole {
                let isCommit = bytes.withUnsafeBytes { buffer in
                    Self.advance(
                        &reached,
                        UnsafeRawBufferPointer(rebasing: buffer[frame * frameBytes..<(frame + 1) * frameBytes])
                    )
                }
                guard let isCommit else { return committed }
                if isCommit { committed = reached }
            }
            guard whole == framesAtOnce else { return committed }
        }
    }

    /// Goes past one frame.
    ///
    /// - Returns: whether it ends a transaction; nil when it is no frame of this log.
    private static func advance(_ position: inout LogPosition, _ frame: UnsafeRawBufferPointer) -> Bool? {
        guard word(frame, 8) == position.salts[0], word(frame, 12) == position.salts[1], word(frame, 0) != 0 else {
            return nil
        }
        var checksum = position.checksum
        checksum.add(UnsafeRawBufferPointer(rebasing: frame[..<8]), isBigEndian: position.isBigEndian)
        checksum.add(UnsafeRawBufferPointer(rebasing: frame[frameHeaderBytes...]), isBigEndian: position.isBigEndian)
        guard checksum == LogChecksum(first: word(frame, 16), second: word(frame, 20)) else { return nil }
        position.checksum = checksum
        position.offset += Int64(frame.count)
        return word(frame, 4) != 0
    }

    /// The bytes at an offset; fewer at the end of the file.
    func read(at offset: Int64, count: Int) throws(MartletError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[initialized...]))
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(initialized))
                if got == 0 { break }
                guard got > 0 else {
                    if errno == EINTR { continue }
                    failure = errno
                    break
                }
                initialized += got
            }
        }
        guard failure == 0 else {
            throw MartletError(.unavailable, "The database's log cannot be read (system error \(failure)).")
        }
        return bytes
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// The running checksum of a log.
struct LogChecksum: Sendable, Equatable {
    var first: UInt32 = 0
    var second: UInt32 = 0

    /// Adds bytes, a multiple of 8.
    mutating func add(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool) {
        var (one, two) = (first, second)
        var offset = 0
        while offset &+ 8 <= bytes.count {
            let left = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            let right = bytes.loadUnaligned(fromByteOffset: offset &+ 4, as: UInt32.self)
            one = one &+ (isBigEndian ? UInt32(bigEndian: left) : UInt32(littleEndian: left)) &+ two
            two = two &+ (isBigEndian ? UInt32(bigEndian: right) : UInt32(littleEndian: right)) &+ one
            offset &+= 8
        }
        (first, second) = (one, two)
    }
}

/// How far a write-ahead log has been read.
package struct LogPosition: Sendable, Equatable {
    /// What tells one log from the next in the same file.
    let salts: [UInt32]
    /// Bytes of a page.
    package let pageBytes: Int
    let isBigEndian: Bool
    /// Bytes from the beginning of the file.
    package internal(set) var offset: Int64
    var checksum: LogChecksum

    /// Bytes of a frame: its header and a page.
    package var frameBytes: Int { pageBytes + WriteAheadLog.frameHeaderBytes }

    /// Whether `other` is a position in the log that SQLite begins after this one.
    func isFollowed(by other: LogPosition) -> Bool {
        other.salts[0] == salts[0] &+ 1
    }

    /// Whether both lie in the same log.
    func isInSameLog(as other: LogPosition) -> Bool {
        salts == other.salts
    }
}
