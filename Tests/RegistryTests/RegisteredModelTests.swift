import Core
import Registry
import TestSupport
import Testing

@Suite(.overEveryDatabase) struct RegisteredModelTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }

    init() async throws {
        fixture = try await RegistryFixture()
    }

    @Test func life() async throws {
        let model = try await store.createModel(name: "m", description: "d", tags: [ModelTag(key: "k", value: "v")])
        #expect(model.description == "d")
        #expect(model.creationTime == fixture.clock.now)
        let taken = await failure { try await store.createModel(name: "m") }
        #expect(taken?.code == .alreadyExists)
        #expect(taken?.message == "Registered Model (name=m) already exists.")
        fixture.clock.advance(by: .seconds(1))
        #expect(try await store.describeModel("m", nil).description == nil)
        try await store.setModelTag("m", ModelTag(key: "k", value: "2"))
        #expect(try await store.model("m").tags == [ModelTag(key: "k", value: "2")])
        #expect(try await store.model("m").lastUpdateTime == fixture.clock.now)
        try await store.deleteModelTag("m", key: "k")
        try await store.deleteModelTag("m", key: "k")
        #expect(try await store.model("m").tags.isEmpty)
        try await store.deleteModel("m")
        let gone = await failure { _ = try await store.model("m") }
        #expect(gone?.message == "Registered Model with name=m not found")
        #expect(await code { try await store.deleteModel("m") } == .notFound)
    }

    @Test func renamingTakesEverythingAlong() async throws {
        try await fixture.version("old", tags: [ModelTag(key: "k", value: "v")])
        try await store.setAlias(model: "old", alias: "live", version: 1)
        try await store.createModel(name: "taken")
        _ = fixture.changes.take()
        #expect(await code { _ = try await store.renameModel("old", to: "taken") } == .alreadyExists)
        #expect(await code { _ = try await store.renameModel("old", to: "a/b") } == .invalidArgument)
        _ = try await store.renameModel("old", to: "new")
        #expect(
            fixture.changes.take() == [
                AliasChange(model: "old", alias: "live", version: nil),
                AliasChange(model: "new", alias: "live", version: 1),
            ]
        )
        #expect(try await store.resolve(alias: "live", of: "new") == 1)
        #expect(try await store.version("new", 1).tag("k") == "v")
        #expect(await code { _ = try await store.version("old", 1) } == .notFound)
    }

    @Test(arguments: ["", "  ", "a/b", "a:b", ".", "..", "..a", "a\nb", "a\u{1}b"])
    func namesThatAreRefused(_ name: String) async {
        #expect(await code { try await store.createModel(name: name) } == .invalidArgument)
    }

    @Test func search() async throws {
        for (name, team) in [("beta", "red"), ("Alpha", "red"), ("gamma", "blue")] {
            fixture.clock.advance(by: .seconds(1))
            try await store.createModel(name: name, tags: [ModelTag(key: "team", value: team)])
        }
        try await store.createModel(name: "prompt", tags: [ModelTag(key: "mlflow.prompt.is_prompt", value: "true")])
        func names(_ filter: String? = nil, _ order: [String] = []) async throws -> [String] {
            try await store.searchModels(filter: filter, order: order).models.map(\.name)
        }
        #expect(try await names() == ["Alpha", "beta", "gamma"])
        #expect(try await store.models().map(\.name) == ["Alpha", "beta", "gamma"])
        #expect(try await names("name LIKE 'b%' AND tags.team = 'red'") == ["beta"])
        #expect(try await names("name ILIKE 'A%'") == ["Alpha"])
        #expect(try await names("name IN ('beta', 'gamma', 'x')") == ["beta", "gamma"])
        #expect(try await names("tag.team != 'red'") == ["gamma"])
        #expect(try await names(nil, ["timestamp DESC"]) == ["gamma", "Alpha", "beta"])
        #expect(try await names("tags.`mlflow.prompt.is_prompt` = 'true'") == ["prompt"])
        #expect(try await names("tags.`mlflow.prompt.is_prompt` != 'false'") == ["prompt"])
        #expect(try await names("tags.`mlflow.prompt.is_prompt` != 'true'") == ["Alpha", "beta", "gamma"])
        for bad in [
            "foo = 'x'", "name > 'a'", "tags.a IS NULL", "name = 1", "metrics.a > 1", "attribute.version = '1'",
        ] {
            #expect(await code { _ = try await names(bad) } == .invalidArgument, "\(bad)")
        }
        #expect(await code { _ = try await names(nil, ["version"]) } == .invalidArgument)
        #expect(await code { _ = try await names(nil, ["name", "name DESC"]) } == .invalidArgument)
        var found: [String] = []
        var token: String?
        repeat {
            let page = try await store.searchModels(limit: 1, after: token)
            found += page.models.map(\.name)
            token = page.nextToken
        } while token != nil
        #expect(found == ["Alpha", "beta", "gamma"])
    }

    @Test func theTagMakesThePrompt() async throws {
        let tag = ModelTag(key: "mlflow.prompt.is_prompt", value: "true")
        try await store.createModel(name: "m", tags: [tag, ModelTag(key: tag.key, value: "false")])
        #expect(try await store.models().map(\.name) == ["m"])
        try await store.setModelTag("m", tag)
        #expect(try await store.models().isEmpty)
        let prompts = "tags.`mlflow.prompt.is_prompt` = 'true'"
        #expect(try await store.searchModels(filter: prompts).models.map(\.name) == ["m"])
        try await store.deleteModelTag("m", key: tag.key)
        #expect(try await store.models().map(\.name) == ["m"])
    }

    @Test(arguments: ["a$b", "/a", "a//b", "./a", "a/../b", "..", ".", "", "a/"])
    func tagKeysThatAreRefused(_ key: String) async throws {
        try await store.createModel(name: "m")
        #expect(await code { try await store.setModelTag("m", ModelTag(key: key, value: "v")) } == .invalidArgument)
        #expect(await code { try await store.deleteModelTag("m", key: key) } == .invalidArgument)
    }

    @Test func promptsAndModelsShareNames() async throws {
        let tag = ModelTag(key: "mlflow.prompt.is_prompt", value: "true")
        try await store.createModel(name: "p", tags: [tag])
        #expect(await failure { try await store.createModel(name: "p") }?.message.contains("taken by a prompt") == true)
        let version = try await store.createVersion(model: "p", source: "dummy-source", tags: [tag])
        #expect(version.artifactURI == "dummy-source")
        let again = await failure { try await store.createModel(name: "p", tags: [tag]) }
        #expect(again?.message == "Prompt (name=p) already exists.")
        #expect(
            await code { try await store.createVersion(model: "p", source: "runs:/run1/x", tags: [tag]) }
                == .invalidArgument
        )
    }
}
