import Artifacts
import Core
import Foundation
import HTTPSupport
import Hummingbird
import HummingbirdTesting
import NIOCore
import Pipelines
import Testing

/// What is bounded while a pipeline runs: files, code and pages.
struct BoundsOfRunsTests {
    @Test func anArtifactOfTooManyFilesIsRefused() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/martlet-bounds-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: directory + "/out", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for index in 0...PipelinesLimits.artifactFiles {
            try Data().write(to: URL(fileURLWithPath: "\(directory)/out/\(index)"))
        }
        var job = StepJob(
            runID: "r",
            pipeline: "p",
            task: "t",
            attempt: 1,
            action: .script("true"),
            directory: directory,
            pipelineDirectory: directory,
            marker: "m"
        )
        job.outputs = [OutputArtifact(name: "data", path: "out")]
        let staging = ArtifactStaging(store: try DiskArtifactStore(root: directory + "/store"))
        let past = job
        #expect(
            await failure(.failedPrecondition, "more than \(PipelinesLimits.artifactFiles) files") {
                try await staging.collect(past)
            } == nil
        )
        #expect(past.basket.records.isEmpty)
    }

    @Test(arguments: [0, 1])
    func codeIsReadUpToItsLimit(past: Int) async throws {
        let fixture = try await PipelineFixture()
        let file = fixture.directory + "/big"
        try Data().write(to: URL(fileURLWithPath: file))
        truncate(file, off_t(PipelinesLimits.codeBytes + past))
        let run = try await fixture.run(["a": ["step": "test.echo", "cache": ["files": ["big"]]]])
        #expect(run.state == (past == 0 ? .succeeded : .failed))
        if past > 0 { #expect(run.task("a")?.error?.contains("\(PipelinesLimits.codeBytes) bytes") == true) }
    }

    @Test func aRunComesWithItsFirstTasksAndPagesOfTheOthers() async throws {
        let fixture = try await PipelineFixture()
        let items = JSONValue.array((0..<PipelinesLimits.tasksOfRun).map { .int($0) })
        let run = try await fixture.run(["a": ["step": "test.echo", "foreach": items]])
        #expect(run.state == .succeeded && run.tasks.count == PipelinesLimits.tasksOfRun + 1)
        let router = Router(context: AppRequestContext.self)
        PipelineRoutes(service: fixture.service()).register(in: .forTests(router))
        try await Application(router: router).test(.router) { client in
            let path = "/api/martlet/v1/pipeline-runs/\(run.id)"
            let whole = try await client.execute(uri: path, method: .get) {
                try JSONValue.parse($0.body.readableBytesView)
            }
            #expect(whole["tasks"]?.arrayValue?.count == PipelinesLimits.tasksOfRun)
            #expect(whole["task_counts"] == ["succeeded": .int(PipelinesLimits.tasksOfRun + 1)])
            let token = try #require(whole["tasks_page_token"]?.stringValue)
            let rest = try await client.execute(uri: "\(path)/tasks?page_token=\(token)", method: .get) {
                try JSONValue.parse($0.body.readableBytesView)
            }
            #expect(rest["items"]?.arrayValue?.compactMap { $0["task"]?.stringValue } == ["a.999"])
        }
    }

    @Test func theSchemaNamesTheLimits() {
        #expect(PipelineSchema.section["properties"]?["include"]?["maxItems"] == .int(PipelinesLimits.includes))
    }
}
