import Artifacts
package import Core
import Foundation
package import Logging
import Storage
import Synchronization

/// Ships what is committed to one SQLite database to a place, within a second: a copy of the database, then every frame
/// of its log.
///
/// A generation is a copy and the unbroken chain of segments after it. When the chain would break (the log was emptied
/// by somebody else, or had to be because the place could not be reached for too long) a new generation begins.
package actor LogShipper {
    private struct Course {
        let id: String
        let began: Timestamp
        /// How far the log has been shipped; nil while there is no log.
        var position: LogPosition?
        /// The end of the log that was moved into the database; SQLite may begin it anew only here.
        var sealed: LogPosition?
        var sequence: Int64 = 0
        var previous = ""
        var work: Work?
    }

    /// Frames that are being shipped; tried again as they are after a failure.
    private struct Work {
        let end: LogPosition
        let isMoved: Bool
        let time: Timestamp
        var offset: Int64
        /// The frames when they are not to be read from the log any more, with their place in it.
        let held: (bytes: [UInt8], offset: Int64)?
    }

    private let name: String
    private let database: Database
    private let log: DatabaseLog
    private let place: BackupPlace
    private let archive: LogArchive
    private let scratch: String
    private let clock: Clock
    private let logger: Logger
    private let isStopping = Atomic(false)
    private var course: Course?

    /// A shipper of one database.
    ///
    /// - Parameters:
    ///   - source: the database, and the name that its log is restored by.
    ///   - place: where it goes.
    ///   - scratch: a directory of this host with room for a copy of the database.
    ///   - clock: tells the time.
    ///   - logger: hears of failures.
    /// - Throws: `failedPrecondition` when the database is no SQLite file.
    package init(
        source: BackupSource,
        place: BackupPlace,
        scratch: String,
        clock: Clock,
        logger: Logger
    ) throws(MartletError) {
        name = source.name
        database = source.database
        log = try DatabaseLog(source.database)
        self.place = place
        archive = LogArchive(place: place, name: source.name)
        self.scratch = scratch
        self.clock = clock
        self.logger = logger
    }

    /// Ships until `stop`, and then what is left.
    package func run() async {
        var pause = BackupsLimits.shipPause
        while !isStopping.load(ordering: .relaxed) {
            do {
                try await ship()
                pause = BackupsLimits.shipPause
            } catch {
                logger.warning(
                    "The log of a database could not be shipped; it is tried again.",
                    metadata: ["database": "\(name)", "error": "\(error)"]
                )
                await giveUpIfTooLong()
                pause = min(pause * 2, BackupsLimits.longestPause)
            }
            do { try await clock.sleep(for: pause) } catch { break }
        }
        do {
            try await ship()
            try await log.release()
        } catch {
            logger.error(
                "The last of a database's log could not be shipped.",
                metadata: ["database": "\(name)", "error": "\(error)"]
            )
        }
    }

    /// Ends `run` after what is left has been shipped.
    package nonisolated func stop() {
        isStopping.store(true, ordering: .relaxed)
    }

    /// Ships what has been committed so far.
    package func ship() async throws {
        if let course, clock.now - course.began >= BackupsLimits.generationAge, course.work == nil { self.course = nil }
        if course == nil { course = try await begin() }
        try await finishWork()
        guard var course else { return }
        switch try await log.news(since: course.position) {
        case .none:
            return
        case .lost:
            return try await beginAgain()
        case .begun(let start):
            guard course.position == course.sealed else { return try await beginAgain() }
            course.position = start
            course.sealed = nil
            self.course = course
            return try await ship()
        case .until(let end):
            try await ship(to: end)
        }
        try await moveIfLong()
    }

    // MARK: - Generations

    private func begin() async throws -> Course {
        try await log.takeOver()
        let moment = try await log.moment()
        // After the moment, so that the copy holds nothing that came later than it says.
        let now = clock.now
        let path = "\(scratch)/\(name)-\(Identifier.random()).db"
        defer { BackupRun.remove(path) }
        try await moment.copy(to: path)
        let file = try await place.put(LocalFile(path: path))
        let database = database
        let schema = try await database.read { try database.appliedMigrations($0) }
        let id = LogGeneration.newID(now)
        try await archive.write(
            LogGeneration(id: id, createdAt: now, version: ProductVersion.text, schema: schema, file: file)
        )
        try await archive.removeEnded(before: now - BackupsLimits.keptAge)
        return Course(
            id: id,
            began: now,
            position: moment.position,
            sealed: moment.isMoved ? moment.position : nil
        )
    }

    private func beginAgain() async throws {
        logger.notice("The log of a database goes on with a new copy.", metadata: ["database": "\(name)"])
        course = nil
        course = try await begin()
    }

    // MARK: - Segments

    private func ship(to end: LogPosition) async throws {
        guard let position = course?.position, end.offset > position.offset else { return }
        course?.work = Work(end: end, isMoved: false, time: clock.now, offset: position.offset, held: nil)
        try await finishWork()
    }

    private func finishWork() async throws {
        while let course, let work = course.work {
            guard work.offset < work.end.offset else {
                self.course?.position = work.end
                self.course?.sealed = work.isMoved ? work.end : nil
                self.course?.work = nil
                return
            }
            let frameBytes = Int64(work.end.frameBytes)
            let most = max(1, Int64(BackupsLimits.segmentBytes) / frameBytes) * frameBytes
            let count = min(most, work.end.offset - work.offset)
            let segment = LogSegment(
                generation: course.id,
                sequence: course.sequence + 1,
                previous: course.previous,
                pageBytes: work.end.pageBytes,
                frames: try await frames(work, count)
            )
            let isLast = work.offset + count == work.end.offset
            let hash = try await archive.write(segment, time: work.time, endsCommit: isLast)
            self.course?.sequence += 1
            self.course?.previous = hash
            self.course?.work?.offset += count
        }
    }

    private func frames(_ work: Work, _ count: Int64) async throws -> [UInt8] {
        guard let held = work.held else { return try await log.read(at: work.offset, count: Int(count)) }
        let start = Int(work.offset - held.offset)
        return Array(held.bytes[start..<start + Int(count)])
    }

    // MARK: - Moving

    /// Moves the log into the database when it has become long; what was not shipped yet is held in memory.
    private func moveIfLong() async throws {
        guard let position = course?.position, position.offset >= BackupsLimits.movedBytes, course?.sealed == nil else {
            return
        }
        guard let rest = try await log.move(after: position, limit: BackupsLimits.heldBytes) else {
            return try await beginAgain()
        }
        guard let bytes = rest.bytes else { return }
        course?.work = Work(
            end: rest.end,
            isMoved: rest.isMoved,
            time: clock.now,
            offset: position.offset,
            held: (bytes, position.offset)
        )
        try await finishWork()
    }

    /// Empties a log that could not be shipped for so long that it would fill the disk.
    private func giveUpIfTooLong() async {
        guard case .until(let end)? = try? await log.news(since: course?.position),
            end.offset >= BackupsLimits.givenUpBytes
        else { return }
        logger.error(
            "The log of a database was given up: the place for it could not be reached for too long.",
            metadata: ["database": "\(name)"]
        )
        course = nil
        do {
            try await log.move()
        } catch {
            logger.error("The log could not be emptied.", metadata: ["error": "\(error)"])
        }
    }
}
