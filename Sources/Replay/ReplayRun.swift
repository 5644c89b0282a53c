import Core
import Ledger

/// One pass of a candidate over the ledger, page by page.
struct ReplayRun: Sendable {
    private let request: ReplayRequest
    private let sources: ReplaySources

    init(_ request: ReplayRequest, sources: ReplaySources) {
        self.request = request
        self.sources = sources
    }

    /// Told how many rows were read and which share of the work is done; false stops.
    typealias Progress = @Sendable (_ rows: Int, _ fraction: Double) async throws -> Bool

    /// A row that the candidate can be asked.
    private struct Question: Sendable {
        let record: LedgerRecord
        /// The inputs in the candidate's columns.
        let values: [Float]
        /// The same in the columns of the version that serves; nil when it is not timed or lacks them.
        let serving: [Float]?
    }

    /// Where the columns of one model lie in the rows of one version.
    private enum Columns: Sendable {
        case places([Int], width: Int)
        case skip(ReplaySkip)
    }

    /// Runs to the end.
    ///
    /// - Parameter goesOn: told after every page.
    /// - Returns: the report; nil when it was stopped.
    /// - Throws: what loading the candidate or reading the ledger throws.
    @concurrent func perform(_ goesOn: Progress) async throws -> ReplayReport? {
        let serving = try await sources.serving(request.deployment)
        let candidate = try await sources.load(request.model, request.version)
        let result: Result<ReplayReport?, any Error>
        var baseline: ReplayModel?
        do {
            let isOther = serving.model != request.model || serving.version != request.version
            if let version = serving.version, isOther { baseline = try? await sources.load(serving.model, version) }
            result = .success(try await perform(candidate, baseline, of: serving.model, goesOn))
        } catch {
            result = .failure(error)
        }
        await candidate.close()
        await baseline?.close()
        return try result.get()
    }

    private func perform(
        _ candidate: ReplayModel,
        _ baseline: ReplayModel?,
        of model: String,
        _ goesOn: Progress
    ) async throws -> ReplayReport? {
        var tally = try ReplayTally(request, candidate: candidate)
        var columns: [Int: Columns] = [:]
        var servingColumns: [Int: Columns] = [:]
        var before: LedgerPosition?
        let window = request.since..<request.until
        while tally.read < request.limit {
            let limit = min(ReplayLimits.pageRows, request.limit - tally.read)
            let page = try await sources.page(request.deployment, window, before, limit)
            guard let last = page.last else { break }
            before = last.position
            tally.read(page.count)
            var questions: [Question] = []
            for row in page {
                let version = row.record.version
                if columns[version] == nil {
                    let logged = try await sources.columns(request.deployment, version)
                    columns[version] = Self.columns(of: candidate, in: logged)
                    servingColumns[version] = baseline.map { Self.columns(of: $0, in: logged) }
                }
                let places = columns[version] ?? .skip(.unknownColumns)
                switch question(row.record, places, servingColumns[version], candidate: candidate, of: model) {
                case .success(let found): questions.append(found)
                case .failure(let reason): tally.skip(reason.skip)
                }
            }
            tally.prepare(questions.map(\.values), predictions: questions.map { Float($0.record.score) })
            try await ask(questions, candidate, baseline, &tally)
            guard try await goesOn(tally.read, fraction(tally.read, at: last.record.createdAt)) else { return nil }
        }
        return ReplayReport(tally)
    }

    /// The share that is done: of the rows or of the time, whichever ends first.
    private func fraction(_ rows: Int, at moment: Timestamp) -> Double {
        let length = Double(max(1, request.until.milliseconds - request.since.milliseconds))
        let passed = Double(request.until.milliseconds - moment.milliseconds)
        return min(max(Double(rows) / Double(request.limit), passed / length), 1)
    }

    private static func columns(of model: ReplayModel, in logged: [String]?) -> Columns {
        guard let logged else { return .skip(.unknownColumns) }
        let positions = Dictionary(logged.enumerated().map { ($1, $0) }) { first, _ in first }
        let places = model.columns.compactMap { positions[$0] }
        guard places.count == model.columns.count else { return .skip(.missingColumns) }
        return .places(places, width: logged.count)
    }

    /// A reason as an error, for `Result`.
    private struct Skipped: Error {
        let skip: ReplaySkip
    }

    private func question(
        _ record: LedgerRecord,
        _ columns: Columns,
        _ serving: Columns?,
        candidate: ReplayModel,
        of model: String
    ) -> Result<Question, Skipped> {
        if record.arm == .shadow { return .failure(Skipped(skip: .mirrored)) }
        if model == request.model, record.version == request.version { return .failure(Skipped(skip: .ownAnswer)) }
        if record.isCut { return .failure(Skipped(skip: .cut)) }
        guard !record.features.isEmpty else { return .failure(Skipped(skip: .noInputs)) }
        guard !record.prediction.isEmpty else { return .failure(Skipped(skip: .noAnswer)) }
        switch columns {
        case .skip(let reason): return .failure(Skipped(skip: reason))
        case .places(let places, let width):
            guard record.features.count == width else { return .failure(Skipped(skip: .otherWidth)) }
            let redacted = Set(record.redactedColumns)
            guard redacted.isDisjoint(with: places) else { return .failure(Skipped(skip: .redacted)) }
            var theirs: [Float]?
            if case .places(let others, _)? = serving, redacted.isDisjoint(with: others) {
                theirs = others.map { record.features[$0] }
            }
            return .success(Question(record: record, values: places.map { record.features[$0] }, serving: theirs))
        }
    }

    /// Asks rows one by one while times are wanted, then in batches.
    private func ask(
        _ questions: [Question],
        _ candidate: ReplayModel,
        _ baseline: ReplayModel?,
        _ tally: inout ReplayTally
    ) async throws {
        var position = 0
        while position < questions.count {
            try Task.checkCancellation()
            if tally.candidateTimes.count < ReplayLimits.timedRows {
                try await time(questions[position], candidate, baseline, &tally)
                position += 1
            } else {
                let end = min(position + ReplayLimits.batchRows, questions.count)
                try await ask(batch: questions[position..<end], candidate, &tally)
                position = end
            }
        }
    }

    /// Candidate and serving version take turns on the same rows, so that a busy machine is busy for both.
    private func time(
        _ question: Question,
        _ candidate: ReplayModel,
        _ baseline: ReplayModel?,
        _ tally: inout ReplayTally
    ) async throws {
        var servingTime: Double?
        if let baseline, let values = question.serving {
            let start = Clock.monotonicNanoseconds
            if (try? await baseline.answer(values, 1)) != nil { servingTime = Self.microseconds(since: start) }
            try Task.checkCancellation()
        }
        let start = Clock.monotonicNanoseconds
        let answer = await answers([question], candidate, &tally).first ?? nil
        try Task.checkCancellation()
        tally.time(candidate: answer == nil ? nil : Self.microseconds(since: start), serving: servingTime)
        tally.add(question.record, values: question.values, answer: answer)
    }

    private static func microseconds(since start: UInt64) -> Double {
        Double(Clock.monotonicNanoseconds &- start) / 1000
    }

    private func ask(
        batch: ArraySlice<Question>,
        _ candidate: ReplayModel,
        _ tally: inout ReplayTally
    ) async throws {
        let found = await answers(Array(batch), candidate, &tally)
        try Task.checkCancellation()
        for (question, answer) in zip(batch, found) {
            tally.add(question.record, values: question.values, answer: answer)
        }
    }

    /// The candidate's answers, nil where it fails; a batch that fails is asked row by row.
    private func answers(
        _ questions: [Question],
        _ candidate: ReplayModel,
        _ tally: inout ReplayTally
    ) async -> [ReplayAnswer?] {
        do {
            let answers = try await candidate.answer(questions.flatMap(\.values), questions.count)
            guard answers.count == questions.count else {
                throw MartletError(
                    .internal,
                    "The candidate gave \(answers.count) answers to \(questions.count) rows."
                )
            }
            return answers
        } catch {
            guard questions.count > 1, !Task.isCancelled else {
                tally.fail(MartletError.wrapping(error).message)
                return questions.map { _ in nil }
            }
            var found: [ReplayAnswer?] = []
            for question in questions { found += await answers([question], candidate, &tally) }
            return found
        }
    }
}
