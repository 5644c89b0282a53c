import Core
import Foundation
import Imports
import Storage
import TestSupport
import Testing
import Tracking

/// What `--from` and `--artifacts-root` may be.
struct ImportAddressTests {
    @Test(arguments: [
        ("postgresql://user@host/mlflow", "mlflow server"), ("mysql://host/x", "mlflow server"),
        ("databricks://x", "mlflow server"), ("http://", "no server address"), ("http://h?q", "no server address"),
        ("sqlite:", "names no database"), ("sqlite://host", "names no database"), ("", "neither a server"),
        ("/nowhere/mlruns", "no folder at"), ("sqlite:////nowhere/mlflow.db", "no database at"),
    ])
    func addressesThatAreNone(_ address: String, _ words: String) {
        let error = #expect(throws: MartletError.self) { _ = try ImportAddress.open(address) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func theKindIsSeen() async throws {
        let folder = try Folder()
        try await DatabaseFixture.make(folder.path)
        for address in [
            "\(folder.path)/mlflow.db", "sqlite:///\(folder.path)/mlflow.db", "file://\(folder.path)/mlflow.db",
        ] {
            let source = try ImportAddress.open(address)
            #expect(source.identity == "sqlite:\(folder.path)/mlflow.db")
            await source.close()
        }
        #expect(try ImportAddress.open("\(folder.path)/mlruns").identity == "file:\(folder.path)/mlruns")
        #expect(try ImportAddress.open("https://host:5000/").identity == "https://host:5000")
        #expect(throws: MartletError.self) { try ImportAddress.open("http://h", artifactsRoot: folder.path) }
        #expect(throws: MartletError.self) {
            try ImportAddress.open("\(folder.path)/mlruns", artifactsRoot: "http://h")
        }
        #expect(throws: MartletError.self) {
            try ImportAddress.open("\(folder.path)/mlflow.db", artifactsRoot: folder.path + "/missing")
        }
    }

    @Test func foldersThatAreNoStore() async throws {
        let folder = try Folder()
        try folder.write("mlruns/x.txt", "x")
        let source = try ImportAddress.open(folder.path)
        let error = await #expect(throws: MartletError.self) { try await source.check() }
        #expect(error?.message.contains("Did you mean") == true)
    }

    /// An artifact URI of a run, and what becomes of the import of its file.
    @Test(arguments: [
        ("{folder}/mlruns/7/{run}/artifacts", "", 2), ("file://{folder}/mlruns/7/{run}/artifacts", "", 2),
        ("/moved/away/7/{run}/artifacts", "{folder}/mlruns", 2),
        ("mlflow-artifacts:/7/{run}/artifacts", "{folder}/mlruns", 2),
        ("mlflow-artifacts://host:1/7/{run}/artifacts", "{folder}/mlruns", 2),
        ("s3://bucket/7/{run}/artifacts", "", 0), ("s3://bucket/7/{run}/artifacts", "{folder}/mlruns", 2),
        ("{folder}/mlruns/7/nothing/artifacts", "", 0), ("", "", 0),
    ])
    func placesOfArtifacts(_ uri: String, _ root: String, _ files: Int) async throws {
        let folder = try Folder()
        let run = try await run(uri, root, folder)
        #expect(try await run.source.files.list(run.run.place).files.count == files)
        #expect((run.run.run.foreignArtifactURI != nil) == (uri.hasPrefix("s3") && root.isEmpty))
        await run.source.close()
    }

    @Test(arguments: [
        "/etc", "file:///etc", "/moved/away/7/{run}/artifacts", "mlflow-artifacts:/7/{run}/artifacts",
        "mlflow-artifacts:/../../etc", "dbfs:/x", "{folder}/out", "{folder}/mlruns/../../../etc",
    ])
    func placesThatAreRefused(_ uri: String) async throws {
        let folder = try Folder()
        try folder.link("out", to: "/etc")
        let run = try await run(uri, "", folder)
        let error = await #expect(throws: MartletError.self) { try await run.source.files.list(run.run.place) }
        #expect(error?.code == .failedPrecondition)
        let fixture = try await ImportFixture()
        await #expect(throws: MartletError.self) { try await fixture.run(run.source) }
        #expect(try await fixture.tracking.experiments().map(\.name) == ["Default"], "nothing was written")
        await run.source.close()
    }

    private func run(
        _ uri: String,
        _ root: String,
        _ folder: Folder
    ) async throws -> (source: any ImportSource, run: SourceRun) {
        func filled(_ text: String) -> String {
            text.replacing("{folder}", with: folder.path).replacing("{run}", with: SourceFixture.run)
        }
        try await DatabaseFixture.make(folder.path)
        let database = try Database.open(path: folder.path + "/mlflow.db")
        let text = filled(uri)
        try await database.write { connection in
            _ = try connection.execute(
                "UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?",
                [.text(text), .text(SourceFixture.run)]
            )
        }
        try await database.close()
        let source = try ImportAddress.open(
            folder.path + "/mlflow.db",
            artifactsRoot: root.isEmpty ? nil : filled(root)
        )
        let runs = try await SourceContractTests.runs(source, "7")
        return (source, try #require(runs.first { $0.run.id == SourceFixture.run }))
    }
}
