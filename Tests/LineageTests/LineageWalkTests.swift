import Core
import Lineage
import Storage
import TestSupport
import Testing

/// Walks from predictions back to files, and from files to what is live.
@Suite(.overEveryDatabase)
struct LineageWalkTests {
    private func names(_ walk: LineageWalk) -> [String] {
        walk.places.map { "\($0.node)" }
    }

    @Test("A prediction goes back to the file's hash, through its own version alone")
    func backToTheFile() async throws {
        let fixture = try await LineageFixture()
        try await fixture.story()
        let walk = try await fixture.service(LineageFixture.sources).walk(from: "prediction:p1", directions: [.up])
        #expect(
            names(walk) == [
                "prediction:p1", "model:m/2", "training:t2", "task:r1/tune2", "dataset:people@abc123", "run:r1",
                "task:r1/ingest", "artifact:f11e00",
            ]
        )
        #expect(walk.isComplete)
        #expect(walk.places[0].facts == ["prediction": "ill"] && walk.places[0].recordedAt == nil)
        #expect(walk.places[1].facts["live"] == ["shop"])
        #expect(walk.places[7].facts["name"] == "people.csv" && walk.places[7].distance == 6)
    }

    @Test("A file goes forward to every version that saw it, and says which is live")
    func forwardToWhatIsLive() async throws {
        let fixture = try await LineageFixture()
        try await fixture.story()
        let walk = try await fixture.service(LineageFixture.sources).walk(from: "artifact:f11", directions: [.down])
        #expect(names(walk).contains("model:m/1") && names(walk).contains("deployment:shop"))
        let live = walk.places.filter { $0.facts["live"] != nil }.map(\.node)
        #expect(live == [.model("m", 2)])
        #expect(!names(walk).contains("run:r1"), "a run is no product of the file")
    }

    @Test("Names may be short, and stand for what they mean now")
    func namesOfThings() async throws {
        let fixture = try await LineageFixture()
        try await fixture.story()
        let service = fixture.service(LineageFixture.sources)
        func start(_ name: String) async throws -> String {
            "\(try await service.walk(from: name, directions: [.up]).start)"
        }
        #expect(try await start("model:m@production") == "model:m/2")
        #expect(try await start("dataset:people@abc") == "dataset:people@abc123")
        #expect(try await start("dataset:people") == "dataset:people@abc123")
        #expect(try await start("run:r1") == "run:r1")
        #expect(try await service.walk(from: "model:old/1", directions: [.up]).edges.count == 1)
        try await fixture.record { $0.note(LineageNode(.artifact, "f11e99")) }
        for (name, code, words) in [
            ("artifact:f11e", MartletError.Code.invalidArgument, "f11e00"), ("model:nobody/1", .notFound, "nobody"),
            ("prediction:p2", .notFound, "ledger"), ("cancer", .invalidArgument, "model:name/3"),
            ("model:", .invalidArgument, "model:name/3"), ("thing:x", .invalidArgument, "thing:x"),
        ] {
            do {
                _ = try await service.walk(from: name, directions: [.up])
                Issue.record("\(name) was found")
            } catch let error as MartletError {
                #expect(error.code == code && error.message.contains(words), "\(error.message)")
            }
        }
    }

    @Test("A circle is walked once")
    func circles() async throws {
        let fixture = try await LineageFixture()
        try await fixture.record { record in
            record.link(.dataset("d", "1"), .read, .task("r", "train"))
            record.link(.task("r", "train"), .needed, .task("r", "again"))
            record.link(.task("r", "again"), .made, .dataset("d", "1"))
            record.link(.dataset("d", "1"), .read, .dataset("d", "1"))
        }
        for direction in LineageDirection.allCases {
            let walk = try await fixture.service().walk(from: "dataset:d@1", directions: [direction])
            #expect(walk.places.count == 3 && walk.edges.count == 3 && walk.isComplete)
            let tree = LineageTree(walk.json, direction)
            #expect(tree.lines.count == 4 && tree.lines[3].contains("(see above)"))
        }
    }

    @Test("A walk ends at its limit and says so")
    func limits() async throws {
        let fixture = try await LineageFixture()
        try await fixture.record { record in
            for number in 0..<500 { record.link(.task("r", "t\(number)"), .needed, .task("r", "t\(number + 1)")) }
        }
        let all = try await fixture.service().walk(from: "task:r/t0", directions: [.down])
        #expect(all.edges.count == 500 && all.isComplete)
        #expect(LineageTree(all.json, .down).lines.count == 501)
        let some = try await fixture.service().walk(from: "task:r/t0", directions: [.down], limit: 7)
        #expect(some.edges.count == 7 && !some.isComplete)
        let exact = try await fixture.service().walk(from: "task:r/t0", directions: [.down], limit: 500)
        #expect(exact.edges.count == 500 && exact.isComplete)
        let middle = try await fixture.service().walk(from: "task:r/t250", directions: [.up, .down])
        #expect(middle.edges.count == 500 && middle.isComplete)
    }

    @Test("What is recorded again stays once; facts are renewed, and taken back with their transaction")
    func recording() async throws {
        let fixture = try await LineageFixture()
        try await fixture.story()
        try await fixture.story()
        try await fixture.record { $0.note(.task("r1", "ingest")) }
        let walk = try await fixture.service().walk(from: "task:r1/ingest", directions: [.up, .down])
        #expect(walk.places[0].facts["step"] == "data.ingest", "an empty note takes nothing away")
        #expect(Set(walk.edges).count == walk.edges.count)
        var record = LineageRecord()
        record.note(.model("lost", 1), ["a": 1])
        let made = record
        await #expect(throws: MartletError.self) {
            try await fixture.database.write { connection in
                try LineageStore.record(connection, made, at: Timestamp(milliseconds: 1))
                throw MartletError(.cancelled, "no")
            }
        }
        await #expect(throws: MartletError.self) {
            _ = try await fixture.service().walk(from: "model:lost/1", directions: [.up])
        }
    }

    @Test("The tree reads from the top")
    func tree() async throws {
        let fixture = try await LineageFixture()
        try await fixture.story()
        let walk = try await fixture.service(LineageFixture.sources).walk(from: "prediction:p1", directions: [.up])
        #expect(
            LineageTree(walk.json, .up).lines == [
                "prediction:p1  prediction ill",
                "└─ predicted model:m/2  live in shop",
                "   └─ registered training:t2",
                "      └─ tracked task:r1/tune2  step learning.tune",
                "         ├─ read dataset:people@abc123  rows 20",
                "         │  └─ made task:r1/ingest  step data.ingest",
                "         │     ├─ read artifact:f11e00  name people.csv",
                "         │     └─ has run:r1  pipeline nightly",
                "         └─ has run:r1  (see above)",
            ]
        )
    }
}
